import assert from 'node:assert/strict'
import { join } from 'node:path'
import { repository, type Host } from '../../fixtures/lab/host.ts'
import { createCa } from '../../fixtures/pki.ts'
import type { ResultDocument } from '../../src/report/document.ts'
import { consumer, users, withLab } from './scene.ts'

const registry = 'reg.corp:5000'
const system = '/etc/containers/certs.d'
const docker = '/etc/docker/certs.d'
const right = `${system}/${registry}`
const alice = ['setpriv', '--reuid=1001', '--regid=1001', '--init-groups', 'env', 'HOME=/home/alice'] as const
const hers = '/home/alice/.config/containers/certs.d'

interface Trap {
  readonly what: string
  /** Sets it, in a shell, with the CA in /srv/ca.pem and a client's pair beside it. */
  readonly set: string
  readonly code: string
  readonly message: RegExp
  /** What is typed where the finding has no line: the CA as it should be. */
  readonly mend?: string
}

const anew = `cp /srv/ca.pem ${right}/new.crt`
const traps: readonly Trap[] = [
  {
    what: 'DER in a .crt',
    set: `mkdir -p ${right}; openssl x509 -in /srv/ca.pem -outform DER -out ${right}/ca.crt`,
    code: 'trust-file-ignored',
    message: /DER/,
    mend: anew,
  },
  {
    what: 'a byte order mark',
    set: `mkdir -p ${right}; printf '\\357\\273\\277' | cat - /srv/ca.pem > ${right}/ca.crt`,
    code: 'trust-file-ignored',
    message: /byte order mark/,
    mend: anew,
  },
  {
    what: 'an empty .crt',
    set: `mkdir -p ${right}; : > ${right}/ca.crt`,
    code: 'trust-file-ignored',
    message: /empty/,
    mend: anew,
  },
  ...[`${system}/reg.corp`, `${docker}/reg.corp_5000`, `${hers}/reg.corp`].map((wrong): Trap => ({
    what: `a directory named ${wrong}`,
    set: `mkdir -p ${wrong}; cp /srv/ca.pem ${wrong}/ca.crt; chmod -R a+rX ${wrong}`,
    code: 'trust-directory-misnamed',
    message: new RegExp(`^${wrong} holds`),
  })),
  {
    what: 'a directory that only root may open',
    set: `mkdir -p ${right}; cp /srv/ca.pem ${right}/ca.crt; chmod 700 ${right}`,
    code: 'trust-file-ignored',
    message: /may not open it/,
  },
  {
    what: 'a CA that only root may open',
    set: `mkdir -p ${right}; cp /srv/ca.pem ${right}/ca.crt; chmod 600 ${right}/ca.crt`,
    code: 'trust-directory-unreadable',
    message: /permission denied/,
  },
  {
    what: 'a key that only root may open',
    set: `mkdir -p ${right}; cp /srv/ca.pem ${right}/ca.crt; cp -p /srv/client.* ${right}`,
    code: 'trust-directory-unreadable',
    message: /client\.key: permission denied/,
  },
]

describe("the traps of podman's three places, for somebody who is not root", function () {
  const scene = withLab(this)
  const login = (host: Host) =>
    host.run(
      [
        ...alice,
        'skopeo',
        'login',
        '--authfile',
        '/home/alice/auth.json',
        '-u',
        'testuser',
        '--password-stdin',
        registry,
      ],
      {
        input: users.testuser,
      },
    )

  it('each: foreseen to the letter, named, and mended by the line that is given', async () => {
    const root = await createCa({ name: 'Corp Root CA' })
    const server = await scene.lab.server('registry')
    await server.dockerRegistry({ port: 5000, chain: [await root.issue({ names: ['reg.corp'] })], users })
    const hosts = { 'reg.corp': server.address }
    const host = await scene.lab.host('client', { hosts, podman: true, withoutDocker: true })
    const me = await root.issue({ names: ['me'], ekus: ['clientAuth'] })
    await host.write('/srv/ca.pem', root.pem)
    await host.write('/srv/client.cert', me.pem)
    await host.write('/srv/client.key', me.key, 0o600)
    const prepared = [
      'useradd --create-home --uid 1001 alice',
      'echo alice ALL=NOPASSWD: ALL > /etc/sudoers.d/a',
    ]
    assert.equal((await host.run(['sh', '-c', prepared.join('; ')])).code, 0)
    for (const { what, set, code, message, mend } of traps) {
      const clear = `rm -rf ${system} ${docker} /home/alice/.config`
      const laid = await host.run(['sh', '-c', `${clear}; ${set}; chown -R alice /home/alice`])
      assert.equal(laid.code, 0, `${what}: ${laid.stderr}`)
      const refused = await login(host)
      const argv = [process.execPath, join(repository, 'bin/run.js'), 'diagnose', registry, '--json']
      const run = await host.run([...alice, ...argv])
      const [seen] = (JSON.parse(run.stdout) as ResultDocument).registries
      assert.ok(seen, `${what}: ${run.stdout}${run.stderr}`)
      const { predictedError = 'nothing' } = consumer(seen, 'skopeo')
      assert.ok(refused.stderr.replaceAll('\\"', '"').includes(predictedError), `${what}: ${refused.stderr}`)
      const finding = seen.findings.find((one) => one.code === code && message.test(one.message))
      assert.ok(finding, `${what}: ${run.stdout}`)
      const line = finding.fix ?? mend ?? 'false'
      // What root has to type is typed as root; a line with sudo in it is a person's own.
      const who = finding.fix?.includes('sudo') === true || what.includes(hers) ? alice : []
      const pasted = await host.run([...who, 'sh', '-c', line])
      assert.equal(pasted.code, 0, `${what}: ${line}: ${pasted.stderr}`)
      const mended = await login(host)
      assert.equal(mended.code, 0, `${what}: ${line}: ${mended.stderr}`)
    }
  })
})
