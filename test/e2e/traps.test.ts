import assert from 'node:assert/strict'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import { codes, consumer, daemonMessage, dockerLogin, runJson, users, withLab } from './scene.ts'

const registry = 'reg.corp:5000'
const base = '/etc/docker/certs.d'
const right = `${base}/${registry}`

interface Trap {
  readonly what: string
  /** Sets it, in a shell, with the CA in /srv/ca.pem. */
  readonly set: string
  /** What names it; undefined where Docker does not mind. */
  readonly code?: string
  /** `trust` mends it by itself; else the finding's fix does, pasted. */
  readonly mends: 'trust' | 'fix'
}

/** Each stands alone in an empty certs.d; the table of docs/testing.md is made of these. */
const traps: readonly Trap[] = [
  { what: 'a key alone', set: `cp /srv/ca.pem ${right}/a.key`, code: 'client-key-orphan', mends: 'fix' },
  {
    what: 'a certificate without its key',
    set: `cp /srv/ca.pem ${right}/a.cert`,
    code: 'client-cert-orphan',
    mends: 'fix',
  },
  {
    what: 'a key of another certificate',
    set: `cp /srv/ca.pem ${right}/a.cert; openssl genrsa -out ${right}/a.key 2048 2>/dev/null`,
    code: 'client-key-mismatch',
    mends: 'fix',
  },
  {
    what: 'a byte order mark before the first line',
    set: `printf '\\357\\273\\277' | cat - /srv/ca.pem >${right}/ca.crt`,
    code: 'trust-file-ignored',
    mends: 'trust',
  },
  {
    what: 'DER in a .crt',
    set: `openssl x509 -in /srv/ca.pem -outform DER -out ${right}/ca.crt`,
    code: 'trust-file-ignored',
    mends: 'trust',
  },
  {
    what: 'a .pem',
    set: `cp /srv/ca.pem ${right}/ca.pem`,
    code: 'trust-file-ignored',
    mends: 'trust',
  },
  { what: 'a .cer', set: `cp /srv/ca.pem ${right}/ca.cer`, code: 'trust-file-ignored', mends: 'trust' },
  {
    what: 'a .crt.bak',
    set: `cp /srv/ca.pem ${right}/ca.crt.bak`,
    code: 'trust-file-ignored',
    mends: 'trust',
  },
  { what: 'an empty .crt', set: `: > ${right}/ca.crt`, code: 'trust-file-ignored', mends: 'trust' },
  {
    what: 'a link to nothing',
    set: `ln -s /nowhere ${right}/ca.crt`,
    code: 'trust-directory-unreadable',
    mends: 'fix',
  },
  {
    what: 'a directory in the place of a file',
    set: `mkdir ${right}/ca.crt`,
    code: 'trust-directory-unreadable',
    mends: 'fix',
  },
  {
    what: 'a file in the place of the directory',
    set: `rmdir ${right}; cp /srv/ca.pem ${right}`,
    code: 'trust-directory-unreadable',
    mends: 'fix',
  },
  ...[
    'reg.corp',
    'reg.corp_5000',
    'https:__reg.corp:5000',
    'reg.corp:5000.',
    'reg.crop:5000',
    'REG.corp:5000',
  ].map((name): Trap => ({
    what: `a directory named ${name}`,
    set: `rmdir ${right}; mkdir ${base}/${name}; cp /srv/ca.pem ${base}/${name}/ca.crt`,
    code: 'trust-directory-misnamed',
    mends: 'fix',
  })),
  {
    what: '_default, which only containerd reads',
    set: `mkdir ${base}/_default; cp /srv/ca.pem ${base}/_default/ca.crt`,
    mends: 'trust',
  },
]

describe('the traps of certs.d, for logins and classic pulls', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let hosts: Record<string, string>

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    const server = await scene.lab.server('registry')
    await server.dockerRegistry({ port: 5000, chain: [await root.issue({ names: ['reg.corp'] })], users })
    hosts = { 'reg.corp': server.address }
  })

  it('each: Docker fails as foreseen, it is named, and trust or its advice mends it', async () => {
    const host = await scene.lab.host('client', { hosts })
    await host.write('/srv/ca.pem', root.pem)
    for (const { what, set, code, mends } of traps) {
      await host.run([
        'sh',
        '-c',
        `rm -rf ${base} /root/*.* /var/lib/trust-registry; mkdir -p ${right}; ${set}`,
      ])
      const refused = await dockerLogin(host, registry)
      assert.equal(refused.code, 1, `${what}: ${refused.stdout}`)
      const seen = await runJson(host, ['diagnose', registry])
      assert.equal(consumer(seen.registry, 'docker').predictedError, daemonMessage(refused), what)
      const finding = seen.registry.findings.find((one) => one.code === code)
      assert.equal(finding?.code, code, `${what}: ${seen.stdout}`)
      if (mends === 'fix') {
        const fix = finding?.fix ?? ''
        assert.notEqual(fix, '', what)
        const pasted = await host.run(['sh', '-c', fix])
        assert.equal(pasted.code, 0, `${what}: ${fix}: ${pasted.stderr}`)
      }
      const trusted = await runJson(host, [registry, '--ca', '/srv/ca.pem'])
      assert.equal(trusted.code, 0, `${what}: ${trusted.stdout}`)
      const login = await dockerLogin(host, registry)
      assert.equal(login.code, 0, `${what}: ${login.stderr}`)
    }
  })

  it('two certificates in a file, and two files, are none', async () => {
    const host = await scene.lab.host('client', { hosts })
    const other = await createCa({ name: 'Other CA' })
    for (const files of [{ 'ca.crt': other.pem + root.pem }, { 'a.crt': other.pem, 'b.crt': root.pem }]) {
      await host.run(['rm', '-rf', right])
      for (const [name, content] of Object.entries(files)) await host.write(`${right}/${name}`, content)
      const seen = await runJson(host, ['diagnose', registry])
      assert.deepEqual([seen.code, codes(seen.registry)], [0, []], seen.stdout)
      assert.ok(!seen.registry.findings.some(({ code }) => code === 'trust-file-ignored'), seen.stdout)
    }
  })
})
