import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { dirname } from 'node:path'
import { createCa, type Certificate } from '../../fixtures/pki.ts'
import { hostDirectories, readContainerd } from '../../src/runtimes/certs-containerd.ts'
import { editHostsToml } from '../../src/runtimes/hosts-toml.ts'
import { readBuildkit } from '../../src/runtimes/certs-buildkit.ts'
import { throwaway } from '../machine/throwaway.ts'
import { leaveOut } from '../support/left-out.ts'

const BASE = '/etc/docker/certs.d'
const NAME = 'reg.corp:5000'
const DIR = `${BASE}/${NAME}`

describe("runtimes/certs-containerd: containerd's loader, and BuildKit's beside it", () => {
  const { machine, path } = throwaway()
  let a: Certificate, b: Certificate
  before(async function () {
    if (process.platform === 'win32') leaveOut(this, 'no colon may stand in a name on Windows')
    a = await createCa({ name: 'a', keyKind: 'p-256' })
    b = await createCa({ name: 'b', keyKind: 'p-256' })
  })
  const put = (file: string, content: string | Buffer = ''): void => {
    fs.mkdirSync(dirname(path(file)), { recursive: true })
    fs.writeFileSync(path(file), content)
  }
  const names = (pool: {
    readonly certificates: readonly { readonly subject: { readonly commonName?: string } }[]
  }) => pool.certificates.map(({ subject }) => subject.commonName).sort()
  const read = async () => {
    const trust = await readContainerd(machine(), BASE, NAME, undefined)
    return { ...trust, names: names(trust.pool) }
  }

  it('looks for the underscored form, the name, and _default', () => {
    assert.deepEqual(hostDirectories('reg.corp:5000'), ['reg.corp_5000_', 'reg.corp:5000', '_default'])
    assert.deepEqual(hostDirectories('reg.corp'), ['reg.corp', '_default'])
    assert.deepEqual(hostDirectories('[fd00::1]:5000')[0], '[fd00::1]_5000_')
  })

  it('reads the first that is there, and tells of the others', async () => {
    assert.equal((await read()).state, 'absent')
    put(`${BASE}/_default/x.crt`, a.pem)
    assert.deepEqual((await read()).names, ['a'])
    put(`${DIR}/x.crt`, b.pem)
    const { names: found, shadowed = [] } = await read()
    assert.deepEqual([found, shadowed.map((other) => other.path)], [['b'], [`${BASE}/_default`]])
  })

  it('stops at a .crt without a certificate, where BuildKit goes on', async () => {
    put(`${DIR}/ca.crt`, a.pem)
    put(`${DIR}/der.crt`, b.certificate)
    const { fatal } = await read()
    assert.deepEqual(
      [fatal?.code, fatal?.message],
      ['trust-file-damaged', `unable to load CA cert "${DIR}/der.crt"`],
    )
    const other = await readBuildkit(machine(), DIR, undefined)
    assert.deepEqual(
      [names(other.pool), other.fatal, other.ignored.map((file) => file.path)],
      [['a'], undefined, [`${DIR}/der.crt`]],
    )
  })

  it('a certificate and its key', async () => {
    const keyless = 'tls: found a certificate rather than a key in the PEM for the private key'
    put(`${DIR}/c.cert`, a.pem)
    assert.equal((await read()).fatal?.message, `failed to load X509 key pair: ${keyless}`)
    put(`${DIR}/c.cert`, a.pem + a.key)
    assert.equal((await read()).fatal, undefined, 'the key may stand in the same file')
    assert.match(
      (await readBuildkit(machine(), DIR, undefined)).fatal?.message ?? '',
      /^failed to load keypair .*c\.key: no such file/,
    )
    put(`${DIR}/c.key`, b.key)
    const message = 'tls: private key does not match public key'
    assert.equal((await read()).fatal?.message, `failed to load X509 key pair: ${message}`)
    assert.equal(
      (await readBuildkit(machine(), DIR, undefined)).fatal?.message,
      `failed to load keypair for ${DIR}/c.cert: ${message}`,
    )
    put(`${DIR}/c.key`, a.key)
    assert.deepEqual(
      [(await read()).fatal, (await readBuildkit(machine(), DIR, undefined)).fatal],
      [undefined, undefined],
    )
  })

  it('a hosts.toml takes the place of the files beside it, unless it does not parse', async () => {
    put(`${DIR}/ca.crt`, a.pem)
    put(`${DIR}/own.pem`, b.pem)
    const toml = (text: string): void => {
      put(`${DIR}/hosts.toml`, text)
    }
    toml(`[host."https://${NAME}"]\n  ca = "own.pem"\n`)
    assert.deepEqual((await read()).names, ['b'])
    toml(`[host."https://${NAME}"]\n  ca = ["own.pem", "${DIR}/ca.crt"]\n`)
    assert.deepEqual((await read()).names, ['a', 'b'])
    toml(`server = "https://${NAME}"\nca = "own.pem"\n`)
    assert.deepEqual((await read()).names, ['b'])
    toml(`[host."https://mirror"]\n  skip_verify = true\n`)
    const other = await read()
    assert.deepEqual([other.names, other.insecure, other.overriddenBy], [[], undefined, `${DIR}/hosts.toml`])
    toml(`[host."https://${NAME}"]\n  skip_verify = true\n`)
    assert.equal((await read()).insecure?.path, `${DIR}/hosts.toml`)
    toml('[host."x"\n')
    assert.deepEqual((await read()).names, ['a'])
  })

  it('a hosts.toml checks again wherever it speaks of the registry, and the change says so', async () => {
    const text = `server = "https://${NAME}"\nca = "own.pem"\n[host."https://${NAME}"]\n  skip_verify = true\n`
    const both = text
      .replace('ca =', 'skip_verify = true\nca =')
      .replace(/ {2}skip_verify.*\n/, '  ca = "own.pem"\n')
    for (const content of [text, both]) {
      put(`${DIR}/hosts.toml`, content)
      const wish = { certificates: [`${DIR}/ours.crt`], strict: true }
      const change = await editHostsToml(machine(), DIR, NAME, { tablesOnly: false }, wish)
      assert.ok(change && 'bytes' in change)
      assert.equal(change.strict, true, content)
      assert.doesNotMatch(change.bytes.toString(), /skip_verify = true/)
    }
  })
})
