import assert from 'node:assert/strict'
import type { CertificateAuthority } from '../../fixtures/pki.ts'
import { vouchedRealms } from '../../src/change/index.ts'
import type { RealmLook } from '../../src/registry/observation.ts'
import { parseRegistry } from '../../src/registry/reference.ts'
import { judge, type Judgement } from '../../src/judge/index.ts'
import { CertPool } from '../../src/x509/index.ts'
import { ca, evidence, leaf, read, REGISTRY, type Scene } from './evidence.ts'
import { faults, only, verdict } from './verdict.ts'

describe('judge: token services', () => {
  let root: CertificateAuthority
  let other: CertificateAuthority
  let scene: Scene
  let look: RealmLook

  before(async () => {
    root = await ca('Root')
    other = await ca('Token CA')
    const service = await leaf(other, { names: ['auth.corp'] })
    const sent = [service.certificate, other.certificate]
    look = { url: 'https://auth.corp/token', target: parseRegistry('auth.corp'), sent }
    scene = { sent: [await leaf(root)], trusted: [root], observation: { realms: [look] } }
  })

  it('are judged with what the engine trusts for the registry', () => {
    const refused = verdict(scene)
    assert.deepEqual(faults(refused), ['realm-untrusted'])
    assert.match(
      only(refused, 'realm-untrusted').message,
      /auth\.corp is not trusted by docker: tls: failed to verify certificate: x509: certificate signed by unknown authority$/,
    )
    assert.deepEqual(refused.realms[0]?.refusedBy, ['docker'])
    assert.deepEqual(faults(verdict({ ...scene, trusted: [root, other] })), [])
  })

  it('builds go by the OS store alone, the registry itself included; a failure that is only theirs says so', () => {
    const builds = { name: 'docker-build', loader: 'buildkit' } as const
    const seen = { ...scene, trusted: [root, other], survey: builds }
    assert.match(
      only(verdict(seen), 'realm-untrusted').message,
      /^docker build and buildx fetch tokens from auth/,
    )
    assert.deepEqual(faults(verdict({ ...seen, store: [other] })), [])
    const own = {
      ...look,
      target: parseRegistry(REGISTRY),
      sent: (scene.sent ?? []).map((one) => one.certificate),
    }
    const same = { ...seen, observation: { realms: [own] } }
    assert.match(only(verdict(same), 'realm-untrusted').message, /^docker build and buildx/)
    assert.deepEqual(faults(verdict({ ...same, survey: {} })), [], 'its chain is judged already')
  })

  it('the docker program, which nobody needs, has no word here; buildx is said once with builds', () => {
    const [docker] = evidence(scene).engines
    assert.ok(docker)
    const beside = (name: string, loader: 'classic' | 'buildkit' | 'store', held: CertPool) => ({
      ...docker,
      ...{ survey: { ...docker.survey, name, loader }, trust: { ...docker.trust, pool: held } },
      required: false,
    })
    const [both, own] = [CertPool.of(read(root), read(other)), CertPool.of(read(root))]
    const judged = (mine: CertPool, clients: CertPool): Judgement =>
      judge(
        evidence({
          ...scene,
          more: {
            engines: [
              { ...docker, trust: { ...docker.trust, pool: mine } },
              beside('docker-build', 'buildkit', mine),
              beside('docker-cli', 'classic', clients),
              beside('buildx', 'store', CertPool.of()),
            ],
          },
        }),
      )
    const all = only(judged(own, own), 'realm-untrusted').message
    assert.match(all, /is not trusted by docker: .*; docker build and buildx, which fetch/)
    assert.equal(all.match(/buildx/g)?.length, 1, all)
    assert.deepEqual(judged(own, own).realms[0]?.refusedBy, ['docker'])
    const others = only(judged(both, own), 'realm-untrusted').message
    assert.match(others, /^docker build and buildx fetch tokens from auth\.corp/)
    assert.doesNotMatch(others, /docker-cli/)
  })

  it('pulls into containerd’s store go by it as well: nothing beside the registry’s own CA would help them', () => {
    const pulls = { name: 'docker-containerd', loader: 'containerd', containerdStore: true } as const
    const seen = { ...scene, trusted: [root, other], survey: pulls }
    const { message, fix = '' } = only(verdict(seen), 'realm-untrusted')
    assert.match(
      message,
      /^pulls into containerd's image store fetch tokens from auth\.corp .*; logins are not/,
    )
    assert.match(
      fix,
      /--ca TOKEN-CA\.pem --scope system {6}# Docker, which reads that store once, is restarted/,
    )
    assert.equal(verdict(seen).realms[0]?.unfetchable, true)
    assert.equal(verdict({ ...seen, store: [other] }).realms[0]?.unfetchable, false)
    assert.deepEqual(verdict(seen).realms[0]?.refusedBy, [], 'no file beside the registry’s would mend it')
    assert.deepEqual(faults(verdict({ ...seen, store: [other] })), [])
  })

  it('who does not check the registry does not check its token service', () => {
    const seen = verdict({ ...scene, survey: { insecureRegistries: [REGISTRY] } })
    assert.deepEqual(faults(seen).includes('realm-untrusted'), false)
  })

  it('out of reach are a matter of the network', () => {
    const lost = { ...look, sent: [], problem: 'getaddrinfo ENOTFOUND auth.corp' }
    const finding = only(verdict({ ...scene, observation: { realms: [lost] } }), 'realm-untrusted')
    assert.deepEqual([finding.owner, finding.severity], ['network', 'warning'])
  })

  it('have an identity of their own: pins and files are shared out, and each counts once', () => {
    const judgement = verdict({ ...scene, given: [root, other] })
    const vouch = (given: readonly CertificateAuthority[], pins: readonly CertificateAuthority[] = []) => {
      const { question, anchors } = vouchedRealms(judgement.realms, {
        judgement,
        given: given.map(read),
        fingerprints: pins.map(({ sha256 }) => sha256),
      })
      const names = (list: readonly { readonly sha256: string }[]): string[] =>
        list.map(({ sha256 }) => (sha256 === root.sha256 ? 'root' : 'other'))
      return [names(question.given), question.fingerprints.length, names(anchors)]
    }
    assert.deepEqual(vouch([root]), [['root'], 0, []])
    assert.deepEqual(vouch([other]), [[], 0, ['other']])
    assert.deepEqual(vouch([root, other]), [['root', 'other'], 0, ['other']])
    assert.deepEqual(vouch([], [root, other]), [[], 1, ['other']])
    assert.deepEqual(
      vouch([root, other], [root]),
      [['root', 'other'], 1, []],
      'with a pin, only what is pinned',
    )
  })
})
