import assert from 'node:assert/strict'
import type { Host } from '../../fixtures/lab/host.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import { codes, runJson, watched, withLab } from './scene.ts'

const registry = 'reg.corp:5000'
const anchors = '/usr/local/share/ca-certificates'
const certs = '/etc/ssl/certs'
const bundle = `${certs}/ca-certificates.crt`
const listed = [...watched, '/srv', '/var/lib/trust-registry/records.json'] as const

describe('the OS store where something is odd', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let next: CertificateAuthority
  let host: Host
  let renewedAt: string

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    next = await createCa({ name: 'Next Root CA' })
    const issuing = await root.intermediate({ name: 'Issuing CA' })
    const server = await scene.lab.server('registry')
    const renewed = await scene.lab.server('renewed')
    await renewed.dockerRegistry({ port: 5000, chain: [await next.issue({ names: ['reg.corp'] })] })
    renewedAt = renewed.address
    await server.dockerRegistry({ port: 5000, chain: [await root.issue({ names: ['reg.corp'] })] })
    await server.dockerRegistry({ port: 5001, chain: [await issuing.issue({ names: ['reg.corp'] })] })
    host = await scene.lab.host('client', { hosts: { 'reg.corp': server.address }, withoutDocker: true })
    await host.write('/root/ca.pem', root.pem)
    await host.write('/root/both.pem', root.pem + next.pem + (await root.issue({ names: ['other'] })).pem)
    await host.write('/root/next.pem', next.pem)
    await host.write('/root/issuing.pem', issuing.pem)
    await host.write('/root/chain.pem', issuing.pem + root.pem)
    // Three packaged CAs are as good as 144, and the tool is done at once.
    const few =
      'grep -v "^[#!]" /etc/ca-certificates.conf | head -3 > /conf && cp /conf /etc/ca-certificates.conf'
    await does(`${few}; mkdir -p /srv; rm -rf ${anchors}/*; update-ca-certificates --fresh`)
  })

  async function does(script: string): Promise<void> {
    const { code, stderr } = await host.run(['sh', '-euc', script])
    assert.equal(code, 0, `${script}: ${stderr}`)
  }

  const system = (ca = '/root/ca.pem', target = registry): readonly string[] => [
    ...[target, '--scope', 'system', '--ca', ca, '--yes'],
  ]

  async function succeeds(args: readonly string[]): ReturnType<typeof runJson> {
    const run = await runJson(host, args)
    assert.equal(run.code, 0, run.stdout)
    return run
  }

  async function holds(ca: CertificateAuthority): Promise<boolean> {
    return (await host.read(bundle)).includes(ca.pem.trim())
  }

  const folder = (path: string, options: string, script = ':'): readonly [string, string] => [
    `mkdir /kept; cp -a ${path}/. /kept; mount -t tmpfs -o ${options} tmpfs ${path}; cp -a /kept/. ${path}; ${script}`,
    `umount ${path}; rm -r /kept`,
  ]
  const full = (path: string): string => `cat /dev/zero > ${path}/full 2> /dev/null || :`
  const obstacles: readonly (readonly [string, string, readonly [string, string]])[] = [
    [
      'a link for the folder of anchors',
      'trust-directory-linked',
      [
        `mv ${anchors} /srv/anchors; ln -s /srv/anchors ${anchors}`,
        `rm ${anchors}; mv /srv/anchors ${anchors}`,
      ],
    ],
    [
      'a file for the folder of anchors',
      'trust-directory-linked',
      [`mv ${anchors} /srv/anchors; touch ${anchors}`, `rm ${anchors}; mv /srv/anchors ${anchors}`],
    ],
    ['a full disk below the anchors', 'disk-full', folder(anchors, 'size=8k,mode=755', full(anchors))],
    ['a full disk below the bundle', 'disk-full', folder(certs, 'size=2m,mode=755', full(certs))],
    ['read-only anchors', 'read-only-system', folder(anchors, 'mode=755', `mount -o remount,ro ${anchors}`)],
    ['a read-only bundle', 'read-only-system', folder(certs, 'mode=755', `mount -o remount,ro ${certs}`)],
  ]
  for (const [what, finding, [place, clear]] of obstacles) {
    it(`${what}: ${finding}, exit 8, nothing half-done`, async () => {
      const untouched = await host.snapshot(listed)
      await does(place)
      try {
        const before = await host.snapshot(listed)
        const refused = await runJson(host, system())
        assert.equal(refused.code, 8, refused.stdout)
        assert.ok(codes(refused.registry).includes(finding), refused.stdout)
        assert.ok(refused.registry.error?.fix, 'it says what to do')
        assert.deepEqual(await host.snapshot(listed), before)
      } finally {
        await does(clear)
      }
      assert.deepEqual(await host.snapshot(listed), untouched)
    })
  }

  it('no folder of anchors: it is made, and goes with what was put there', async () => {
    await does(`rmdir ${anchors}`)
    const before = await host.snapshot(watched)
    await succeeds(system())
    assert.ok(await holds(root))
    await succeeds(['undo', registry, '--yes'])
    assert.deepEqual(await host.snapshot(watched), before)
    await does(`mkdir ${anchors}`)
  })

  it('a user without sudo: exit 12, nothing is changed', async () => {
    await does(
      'for f in sudo su; do [ ! -e /usr/bin/$f ] || mv /usr/bin/$f /srv/; done; cp /root/*.pem /srv/',
    )
    const before = await host.snapshot(listed)
    const refused = await runJson(host, system('/srv/ca.pem'), { user: 'nobody' })
    assert.equal(refused.code, 12, refused.stdout)
    assert.match(refused.registry.error?.fix ?? '', /^su -c /)
    assert.deepEqual(await host.snapshot(listed), before)
    await does('for f in sudo su; do [ ! -e /srv/$f ] || mv /srv/$f /usr/bin/; done; rm /srv/*.pem')
  })

  it('undo after somebody has taken the source away, or changed it: our CA leaves the bundle all the same', async () => {
    const before = await host.snapshot(watched)
    await succeeds(system())
    await does(`rm ${anchors}/trust-registry-*`)
    assert.ok(await holds(root), 'the tool has not run')
    await succeeds(['undo', registry, '--yes'])
    assert.ok(!(await holds(root)))
    assert.deepEqual(await host.snapshot(watched), before)

    await succeeds(system())
    await host.run(['sh', '-c', `tee ${anchors}/trust-registry-*`], { input: next.pem })
    const kept = await runJson(host, ['undo', registry, '--yes'])
    assert.equal(kept.code, 9, kept.stdout)
    assert.ok(!(await holds(root)), 'what was ours is gone')
    assert.ok(await holds(next), 'what is theirs is kept')
    await does(`rm ${anchors}/trust-registry-*; update-ca-certificates --fresh`)
    assert.deepEqual(await host.snapshot(watched), before)
  })

  it('what is left out of a file is named before anything is written; an intermediate is warned of', async () => {
    const before = await host.snapshot(watched)
    const about = (run: Awaited<ReturnType<typeof runJson>>, code: string): readonly string[] =>
      run.registry.findings.filter((finding) => finding.code === code).map(({ message }) => message)
    const planned = await succeeds([...system('/root/both.pem'), '--dry-run'])
    const [second, leaf] = about(planned, 'ca-left-out')
    assert.match(second ?? '', /Next Root CA" does not anchor this chain/)
    assert.match(leaf ?? '', /"other" is no CA/)
    const asked = await runJson(host, system('/root/both.pem').slice(0, -1))
    assert.equal(asked.code, 4)
    assert.match(asked.registry.error?.seen ?? '', /Next Root CA" does not anchor this chain/)

    const alone = await runJson(host, system('/root/issuing.pem', 'reg.corp:5001'))
    assert.equal(alone.code, 1, alone.stdout)
    assert.ok(codes(alone.registry).includes('intermediate-as-anchor'), alone.stdout)
    const beside = await succeeds([...system('/root/chain.pem', 'reg.corp:5001'), '--dry-run'])
    assert.match(
      about(beside, 'intermediate-as-anchor').join(),
      /Issuing CA" is an intermediate: .* Go takes it/,
    )
    assert.deepEqual(await host.snapshot(watched), before)
  })

  it('a bundle that lacks what its sources hold: said before the run, and whole after it', async () => {
    await host.write(`${anchors}/theirs.crt`, next.pem)
    const planned = await succeeds([...system(), '--dry-run'])
    const damage = planned.registry.findings.find(({ code }) => code === 'bundle-damaged')
    assert.match(damage?.message ?? '', /lacks the certificate SHA256 \w+… that its sources hold/)
    assert.match(planned.registry.plan.map(({ reason }) => reason).join(), /it also gets the certificate/)
    await succeeds(system())
    assert.deepEqual([await holds(root), await holds(next)], [true, true])
    await succeeds(['undo', registry, '--yes'])
    assert.deepEqual([await holds(root), await holds(next)], [false, true])
    await does(`rm ${anchors}/theirs.crt; update-ca-certificates --fresh`)
  })

  it('--prune takes the anchor of an earlier identity out of the OS store as well', async () => {
    const before = await host.snapshot(['/usr/local', certs])
    await succeeds(system())
    await does(`sed "s/.* reg.corp$/${renewedAt} reg.corp/" /etc/hosts > /hosts; cat /hosts > /etc/hosts`)
    await succeeds([...system('/root/next.pem'), '--fingerprint', next.sha256])
    assert.deepEqual([await holds(root), await holds(next)], [true, true])
    await succeeds([registry, '--scope', 'system', '--prune', '--yes'])
    assert.deepEqual([await holds(root), await holds(next)], [false, true])
    const again = await succeeds([registry, '--scope', 'system', '--prune', '--yes'])
    assert.equal(again.document.changed, false, again.stdout)
    await succeeds(['undo', registry, '--yes'])
    assert.deepEqual(await host.snapshot(['/usr/local', certs]), before)
  })
})
