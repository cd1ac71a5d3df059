import assert from 'node:assert/strict'
import type { EngineSurvey } from '../../src/runtimes/engine.ts'
import { wordsOf } from '../../src/judge/engine-words.ts'
import { newestGo, parseGoVersion } from '../../src/x509/index.ts'
import { PROBE_DIGEST } from '../../src/runtimes/probe-image.ts'

const REGISTRY = 'reg.corp:5000'

function words(survey: Partial<EngineSurvey>, go = 'go1.26') {
  const whole: EngineSurvey = {
    name: 'docker',
    kind: 'daemon',
    installed: true,
    state: 'running',
    loader: 'classic',
    insecureRegistries: [],
    insecureNetworks: [],
    environment: {},
    environmentAssumed: false,
    ...survey,
  }
  const { get, local, login } = wordsOf(whole, REGISTRY, parseGoVersion(go) ?? newestGo)
  return [get('X'), local('Y'), login] as const
}

describe('judge: the words of an engine around those of Go', () => {
  it('docker: a login', () => {
    assert.deepEqual(words({}), ['Get "https://reg.corp:5000/v2/": X', 'Y', true])
    assert.deepEqual(words({}, 'go1.13'), ['Get https://reg.corp:5000/v2/: X', 'Y', true])
  })

  it('docker manifest: a ping; buildx: the head of a manifest', () => {
    const ping =
      'failed to configure transport: error pinging v2 registry: Get "https://reg.corp:5000/v2/": X'
    assert.deepEqual(words({ name: 'docker-cli' }), [ping, 'Y', false])
    const head =
      'failed to do request: Head "https://reg.corp:5000/v2/trust-registry-probe/manifests/latest": X'
    assert.deepEqual(words({ name: 'buildx', loader: 'store' }), [head, 'Y', false])
  })

  it("podman's family: a login", () => {
    const start = 'authenticating creds for "reg.corp:5000": '
    assert.deepEqual(words({ name: 'podman', loader: 'containers' }), [
      `${start}pinging container registry reg.corp:5000: Get "https://reg.corp:5000/v2/": X`,
      `${start}creating new docker client: Y`,
      false,
    ])
  })

  it('docker pull and containerd: a reference', () => {
    const head = `failed to do request: Head "https://reg.corp:5000/v2/trust-registry-probe/manifests/${PROBE_DIGEST}": X`
    const reference = `failed to resolve reference "reg.corp:5000/trust-registry-probe@${PROBE_DIGEST}": `
    for (const survey of [
      { name: 'docker-containerd', version: '28.5.2' },
      { name: 'containerd', version: '1.7.24' },
    ] as const) {
      const [get, local, login] = words({ ...survey, loader: 'containerd' })
      assert.deepEqual([get, local, login], [reference + head, `${reference}Y`, false], survey.name)
    }
    for (const version of ['2.1.9', '2', undefined]) {
      const survey = { name: 'containerd', loader: 'containerd', ...(version ? { version } : {}) } as const
      assert.equal(words(survey)[0], `failed to resolve image: ${head}`)
    }
  })

  it('docker build: other words since BuildKit 0.11', () => {
    const head =
      'failed to do request: Head "https://reg.corp:5000/v2/trust-registry-probe/manifests/latest": X'
    const image = 'reg.corp:5000/trust-registry-probe'
    const old = 'failed to solve with frontend dockerfile.v0: failed to create LLB definition: '
    const current = `${image}: failed to resolve source metadata for ${image}:latest: `
    for (const [version, start] of [
      ['20.10.24', old],
      ['22.06.0', old],
      ['23.0.0', current],
      ['28.5.2', current],
      [undefined, current],
    ] as const) {
      const survey = { name: 'docker-build', loader: 'buildkit', ...(version ? { version } : {}) } as const
      assert.equal(words(survey)[0], start + head, version ?? 'of no version')
    }
  })
})
