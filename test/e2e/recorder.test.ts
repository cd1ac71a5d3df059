import assert from 'node:assert/strict'
import type { Host } from '../../fixtures/lab/host.ts'
import type { Server } from '../../fixtures/lab/server.ts'
import type { Route } from '../../fixtures/lab/server-options.ts'
import type { Service } from '../../fixtures/lab/service.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import { runJson, withLab } from './scene.ts'

const canary = 'c4nary-pa55word'
const password = { input: canary }

/** The kinds of redirect; unit tests try all five. */
const statuses = [302, 307]

/** Ends a run at the password that is withheld; without it the rest of the run follows, which has none. */
const required = '--login-required'
/** So many realms are tried to the end of the run, and so are those that are named and those that redirect. */
const throughout = 3

/** Realms that no password may reach, with what is said of each; EVIL is the recording server's address. */
const realms: readonly (readonly [string, RegExp])[] = [
  ['http://evil.corp/token', /is not https/],
  ['http://reg.corp/token', /is not https/],
  ['https://evil.corp/token', /evil\.corp is another host/],
  ['https://evil.corp:443/token', /another host/],
  ['https://EVIL/token', /another host/],
  ['https://joe@evil.corp/token', /holds a user name/],
  ['https://reg.corp@evil.corp/token', /holds a user name/],
  ['https://reg.corp:x@evil.corp/token', /holds a user name/],
  ['https://evil.corp\\\\@reg.corp/token', /characters that belong into no address/],
  ['https://reg.corp.evil.corp/token', /another host/],
  ['https://169.254.169.254/latest', /another host/],
  ['https://[::ffff:169.254.169.254]/latest', /host/],
  ['https://127.0.0.1/token', /another host/],
  ['file:///etc/passwd', /is not https|unsupported protocol scheme/],
  ['//evil.corp/token', /is no full address|unsupported protocol scheme/],
]
/** The same, where somebody has named the host all the same. */
const named: readonly (readonly [string, string, RegExp])[] = [
  ['https://local.corp/token', 'local.corp', /local or metadata address/],
  ['https://meta.corp/token', 'meta.corp', /local or metadata address/],
  ['https://evil.corp/token', 'evil.corp', /x509: certificate signed by unknown authority/],
]

describe('a recording server', function () {
  const scene = withLab(this)
  let host: Host
  let root: CertificateAuthority
  let server: Server
  let evil: Server
  const recorders: Service[] = []
  const fronts = new Map<string, number>()

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    const stranger = await createCa({ name: 'Stranger', keyKind: 'p-256' })
    server = await scene.lab.server('registry')
    evil = await scene.lab.server('evil')
    const chain = [await root.issue({ names: ['reg.corp'] })]
    const theirs = [await stranger.issue({ names: ['evil.corp', 'reg.corp.evil.corp'], ips: [evil.address] })]
    const token: Route = { type: 'application/json', body: '{"token":"t"}' }
    recorders.push(await evil.web({ port: 443, chain: theirs, routes: { '*': token } }))
    recorders.push(await evil.web({ port: 80, routes: { '*': token } }))

    let port = 5000
    const front = async (name: string, routes: Record<string, Route>): Promise<void> => {
      port += 1
      fronts.set(name, port)
      recorders.push(await server.web({ port, chain, routes }))
    }
    const challenge = (realm: string): Route => ({
      status: 401,
      headers: { 'www-authenticate': [`Bearer realm="${realm}",service="reg"`, 'Basic realm="r"'] },
    })
    for (const realm of new Set([...realms, ...named].map(([first]) => first)))
      await front(realm, { '*': challenge(realm.replace('EVIL', evil.address)) })
    for (const status of statuses) {
      const away: Route = { status, headers: { location: 'https://evil.corp/stolen' } }
      await front(`realm ${status}`, {
        '/v2/': challenge(`https://reg.corp:${port + 1}/token`),
        '*': away,
      })
      await front(`registry ${status}`, { '*': away })
    }
    const { address } = evil
    const hosts = {
      'reg.corp': server.address,
      'evil.corp': address,
      'reg.corp.evil.corp': address,
      'local.corp': '127.0.0.1',
      'meta.corp': '169.254.169.254',
    }
    host = await scene.lab.host('client', { hosts })
    await host.write('/root/ca.pem', root.pem)
  })

  const attempt = async (name: string, more: readonly string[] = []): Promise<string> => {
    const registry = `reg.corp:${fronts.get(name) ?? assert.fail(name)}`
    const args = [registry, '--ca', '/root/ca.pem', '-u', 'joe', '--password-stdin', '-v', ...more]
    const run = await runJson(host, args, password)
    // Docker itself does not get past some of them, and all is rolled back.
    assert.ok([6, 8, 10].includes(run.code), `${name}: ${run.stdout}`)
    assert.equal(run.registry.login?.attempted ?? false, false, `${name}: ${run.stdout}`)
    if (more.includes(required)) assert.match(run.registry.error?.message ?? '', /no password was sent/)
    assert.ok(!`${run.stdout}${run.stderr}`.includes(canary))
    const { message = '', seen = '' } = run.registry.error ?? {}
    return `${message} ${seen} ${run.registry.login?.message ?? ''} ${run.registry.findings.map(({ message }) => message).join(' ')}`
  }
  /** No header, no query and no body that anybody got holds a secret. */
  const nothingLeft = (): void => {
    for (const recorder of recorders) assert.doesNotMatch(recorder.log(), /with Authorization|joe|c4nary/)
  }

  it('sees no credentials of ours for any hostile realm', async () => {
    for (const [index, [realm, why]] of realms.entries())
      assert.match(await attempt(realm, index < throughout ? [] : [required]), why, realm)
    for (const [realm, consent, why] of named)
      assert.match(await attempt(realm, ['--token-realm', consent]), why, `${realm}, named`)
    nothingLeft()
  })

  it('sees none where a realm or a registry sends clients on', async () => {
    for (const status of statuses) {
      assert.match(await attempt(`realm ${status}`), /sends clients on to https:\/\/evil\.corp\/stolen/)
      await attempt(`registry ${status}`)
    }
    nothingLeft()
    const stolen = recorders.filter((recorder) => recorder.log().includes('/stolen'))
    assert.deepEqual(stolen.length, 0, 'nobody went there')
  })

  it('would have seen them', async () => {
    const port = fronts.get('realm 302') ?? assert.fail()
    const url = `https://reg.corp:${port}/control`
    await host.run(['curl', '-s', '--cacert', '/root/ca.pem', '-u', `joe:${canary}`, url])
    assert.throws(nothingLeft)
  })
})
