import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { LocalMachine } from '../../src/machine/local.ts'
import { dockerEndpoint } from '../../src/runtimes/docker-context.ts'

describe('runtimes/docker-context', () => {
  let folder = ''
  const put = (name: string, text: string): void => {
    fs.mkdirSync(dirname(join(folder, name)), { recursive: true })
    fs.writeFileSync(join(folder, name), text)
  }
  const context = (name: string, host: string): void => {
    const digest = createHash('sha256').update(name).digest('hex')
    // As `docker context create` writes it.
    put(
      `contexts/meta/${digest}/meta.json`,
      JSON.stringify({
        Name: name,
        Metadata: {},
        Endpoints: { docker: { Host: host, SkipTLSVerify: false } },
      }),
    )
  }
  const ask = (env: Record<string, string> = {}) =>
    dockerEndpoint(new LocalMachine(), { DOCKER_CONFIG: folder, ...env })

  beforeEach(() => {
    folder = fs.mkdtempSync(join(tmpdir(), 'trust-registry-context-'))
    context('vm', 'ssh://docker@vm')
    context('other', 'tcp://other:2376')
  })
  afterEach(() => {
    fs.rmSync(folder, { recursive: true })
  })

  it('goes by DOCKER_HOST, then DOCKER_CONTEXT, then the current context', async () => {
    assert.deepEqual(await ask(), { host: undefined, why: 'default' })
    put('config.json', JSON.stringify({ currentContext: 'vm' }))
    assert.deepEqual(await ask(), {
      ...{ host: 'ssh://docker@vm', why: 'the Docker context "vm"', context: 'vm' },
    })
    assert.equal((await ask({ DOCKER_CONTEXT: 'other' })).host, 'tcp://other:2376')
    assert.equal((await ask({ DOCKER_CONTEXT: 'default' })).host, undefined)
    const both = await ask({ DOCKER_CONTEXT: 'other', DOCKER_HOST: 'unix:///x' })
    assert.deepEqual(both, { host: 'unix:///x', why: 'DOCKER_HOST' })
  })

  it('knows where the certificates are, where docker itself speaks TLS and checks it', async () => {
    const DOCKER_HOST = 'tcp://vm:2376'
    assert.equal((await ask({ DOCKER_HOST })).certs, undefined)
    assert.equal((await ask({ DOCKER_HOST, DOCKER_TLS_VERIFY: '1' })).certs, folder)
    const own = { DOCKER_HOST, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/certs' }
    assert.equal((await ask(own)).certs, '/certs')
    assert.equal((await ask({ DOCKER_CONTEXT: 'other' })).certs, undefined)
    const digest = createHash('sha256').update('other').digest('hex')
    put(`contexts/tls/${digest}/docker/ca.pem`, '')
    assert.equal(
      (await ask({ DOCKER_CONTEXT: 'other' })).certs,
      join(folder, `contexts/tls/${digest}/docker`),
    )
  })

  it('does not fall back on this computer where a context is missing or damaged', async () => {
    await assert.rejects(ask({ DOCKER_CONTEXT: 'none' }), { code: 'policy' })
    const digest = createHash('sha256').update('vm').digest('hex')
    for (const text of ['{', '[]', '{"Endpoints":{"docker":{"Host":7}}}', '']) {
      put(`contexts/meta/${digest}/meta.json`, text)
      await assert.rejects(ask({ DOCKER_CONTEXT: 'vm' }), { code: 'policy' }, text)
    }
    put('config.json', 'no JSON')
    assert.equal((await ask()).host, undefined)
  })
})
