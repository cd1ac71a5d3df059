import assert from 'node:assert/strict'
import type { EngineAnswer } from '../../src/runtimes/engine.ts'
import { ca, evidence, leaf, REGISTRY, type Scene } from './evidence.ts'
import { only, verdict } from './verdict.ts'

const refused: EngineAnswer = {
  outcome: 'refused',
  message: 'x509: certificate signed by unknown authority',
}
const line = `sudo -u dev trust-registry ${REGISTRY} --ca CA.pem      # as that person`
const byHand = { why: 'it is the rootless daemon of dev', fix: line }

describe('judge: a daemon that belongs to a person', () => {
  it('refuses: the line for that person stands first, with the files that were given', async () => {
    const server = await leaf(await ca('Root'))
    const scene: Scene = { sent: [server], answer: refused, trust: { byHand } }
    const judged = verdict(scene)
    assert.equal(only(judged, 'unknown-authority').fix, line)
    assert.equal(only(judged, 'runtime-unreachable').fix, line)
    const given = verdict({ ...scene, more: { givenAs: "--ca 'my $& ca.pem'" } })
    assert.equal(
      only(given, 'unknown-authority').fix,
      line.replace('CA.pem', () => "'my $& ca.pem'"),
    )
  })

  it('beside an engine that this run serves, the line is this run’s', async () => {
    const server = await leaf(await ca('Root'))
    const scene: Scene = { sent: [server], answer: refused, trust: { byHand } }
    const [other] = evidence({
      ...scene,
      trust: {},
      survey: { name: 'podman', loader: 'containers' },
    }).engines
    const [docker] = evidence(scene).engines
    assert.ok(docker && other)
    const judged = verdict({ ...scene, more: { engines: [docker, other] } })
    assert.match(only(judged, 'unknown-authority').fix ?? '', /^trust-registry /)
  })

  it('is started again by what manages it', async () => {
    const root = await ca('Root')
    const manager = 'systemctl --user'
    const stale = {
      ...{ sent: [await leaf(root)], store: [root], answer: refused },
      survey: { manager, startedMs: 1 },
    }
    const [engine] = evidence(stale).engines
    assert.ok(engine)
    const judged = verdict({ ...stale, more: { engines: [{ ...engine, storeChangedMs: 2 }] } })
    assert.match(only(judged, 'restart-needed').fix ?? '', /^systemctl --user restart docker /)
    const down = verdict({ survey: { manager, state: 'down' } })
    assert.equal(only(down, 'daemon-down').fix, 'systemctl --user start docker')
    const ours = verdict({ survey: { state: 'down' } })
    assert.equal(only(ours, 'daemon-down').fix, 'systemctl start docker')
  })

  it('has no loopback in common with the machine, once it says that it found nothing there', () => {
    const scene: Scene = { registry: 'localhost:5000', observation: { addresses: ['127.0.0.1'] } }
    const message = 'Get "http://localhost:5000/v2/": dial tcp [::1]:5000: connect: connection refused'
    const lost = { outcome: 'unclear', message } as const
    const apart = only(
      verdict({ ...scene, survey: { flavour: 'rootless' }, answer: lost }),
      'loopback-insecure',
    )
    assert.match(apart.message, /a network of its own.*connection refused/)
    assert.match(apart.fix ?? '', /ADDRESS:5000/)
    for (const other of [
      { ...scene, answer: lost },
      { ...scene, survey: { flavour: 'rootless' as const } },
    ]) {
      assert.match(only(verdict(other), 'loopback-insecure').message, /nothing to install/)
    }
  })
})
