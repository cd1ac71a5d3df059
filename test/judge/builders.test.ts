import assert from 'node:assert/strict'
import type { CertificateAuthority } from '../../fixtures/pki.ts'
import type { Finding } from '../../src/judge/index.ts'
import type { Builder, BuilderNode } from '../../src/runtimes/buildx-builders.ts'
import { storeOf } from '../../src/stores/detect.ts'
import { ca, leaf, REGISTRY, type Scene } from './evidence.ts'
import { only, verdict } from './verdict.ts'

describe('judge: builders of buildx', () => {
  let root: CertificateAuthority
  let other: CertificateAuthority
  let scene: Scene

  before(async () => {
    root = await ca('Root')
    other = await ca('Root of before')
    scene = { sent: [await leaf(root)], trusted: [root] }
  })

  function builder(told?: BuilderNode['told'], more: Partial<Builder> = {}): Builder {
    const node = {
      name: 'b0',
      endpoint: 'unix:///var/run/docker.sock',
      platforms: [],
      options: [],
      flags: [],
    }
    const nodes = [{ ...node, ...(told ? { told } : {}) }]
    return { name: 'b', driver: 'docker-container', takes: [], nodes, ...more }
  }

  function found(all: readonly Builder[], more: Scene = scene, registries = new Map()): readonly Finding[] {
    const defaults = { path: '/d.toml', registries }
    const given = { ...more, more: { ...more.more, builders: { all, defaults, apart: false } } }
    return verdict(given).findings.filter(({ code }) => code === 'builder-untold')
  }

  function knows(...made: readonly CertificateAuthority[]): BuilderNode['told'] {
    return new Map([[REGISTRY, { ca: made.map(({ pem }) => Buffer.from(pem)), unchecked: false }]])
  }

  it('one that does not hold what the chain needs is told of, and costs nothing', () => {
    assert.deepEqual(
      found([builder()]).map(({ severity }) => severity),
      ['info'],
    )
    const all = [builder(undefined, { takes: ['docker buildx build'] })]
    const judged = verdict({
      ...scene,
      more: { builders: { all, defaults: { path: '/d.toml' }, apart: false } },
    })
    assert.equal(only(judged, 'builder-untold').severity, 'warning')
    assert.deepEqual(judged.consumers, verdict(scene).consumers)
  })

  it('one whose settings name the CA is content; another CA, or one node without it, is not enough', () => {
    assert.deepEqual(found([builder(knows(root))]), [])
    assert.deepEqual(found([builder(new Map([[REGISTRY, { ca: [], unchecked: true }]]))]), [])
    assert.equal(found([builder(knows(other))]).length, 1)
    const nodes = [...builder(knows(root)).nodes, ...builder().nodes]
    assert.equal(found([builder(undefined, { nodes })]).length, 1)
  })

  it('nobody is told where the root comes with the system; one that was added here helps no builder', () => {
    const packaged = { ...scene, store: [root] }
    assert.deepEqual(found([builder()], packaged), [])
    const appended = new Set([root.sha256])
    const debian = storeOf('debian', 'debian') ?? assert.fail()
    const sources = { store: debian, files: [], elsewhere: [], appended }
    assert.equal(found([builder()], { ...packaged, more: { sources } }).length, 1)
    assert.deepEqual(found([builder()], { ...scene, sent: [] }), [])
  })

  it('those that are made without settings are mended by one file, others by their own', () => {
    const own = new Map([['other.corp', { ca: [], unchecked: true }]])
    const all = [builder(), builder(undefined, { name: 'c' }), builder(own, { name: 'd' })]
    assert.deepEqual(
      found(all).map(({ message }) => /^buildx builders? ([^:]*):/.exec(message)?.[1]),
      ['b (docker-container), c (docker-container)', 'd (docker-container)'],
    )
    const fixes = found(all).map(({ fix = '' }) => fix)
    assert.match(fixes[0] ?? '', />> \/d\.toml\n.* rm .* b\n.* create .*\n.* rm .* c\n/)
    assert.match(fixes[1] ?? '', /--buildkitd-config buildkitd\.toml/)
    const known = new Map([['other.corp', { ca: true }]])
    assert.equal(found(all, scene, known).length, 1, 'made from the default file as well')
  })
})
