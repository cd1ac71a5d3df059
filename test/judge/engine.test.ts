import assert from 'node:assert/strict'
import type { CertificateAuthority } from '../../fixtures/pki.ts'
import { judge, type FindingCode, type Judgement } from '../../src/judge/index.ts'
import type { EngineAnswer, EngineSurvey, TrustDirectory } from '../../src/runtimes/engine.ts'
import { CertPool, parseCertificate } from '../../src/x509/index.ts'
import { ca, days, evidence, leaf, type Scene } from './evidence.ts'
import { consumer, faults, only, verdict } from './verdict.ts'

const LINE = 'x509: certificate signed by unknown authority'

describe('judge: the engine', () => {
  let root: CertificateAuthority
  let unknown: Scene
  let trusted: Scene
  before(async () => {
    root = await ca('Root')
    unknown = { sent: [await leaf(root)] }
    trusted = { ...unknown, trusted: [root] }
  })

  it('predicts the line of each Go to the letter', () => {
    const line = (go: string): string | undefined => consumer(verdict({ ...unknown, go })).predictedError
    assert.equal(line('go1.13.15'), `Get https://reg.corp:5000/v2/: ${LINE}`)
    assert.equal(line('go1.19.8'), `Get "https://reg.corp:5000/v2/": ${LINE}`)
    const current = `Get "https://reg.corp:5000/v2/": tls: failed to verify certificate: ${LINE}`
    assert.equal(line('go1.26.7'), current)
    assert.equal(line('not a version'), current, 'the newest Go stands for one that is not known')
  })

  it('believes the engine more than its own reckoning', () => {
    const state = (scene: Scene): readonly unknown[] => {
      const { state: word, trusted: yes, assumed, observedError } = consumer(verdict(scene))
      return [word, yes, assumed, observedError]
    }
    assert.deepEqual(state(trusted), ['unknown', false, true, undefined])
    const accepted = { outcome: 'accepted', message: 'no basic auth credentials' } as const
    assert.deepEqual(state({ ...trusted, answer: accepted }), ['trusted', true, undefined, undefined])
    assert.deepEqual(state({ ...unknown, answer: accepted }), ['trusted', true, undefined, undefined])
    const refused = { outcome: 'refused', message: 'x509: no' } as const
    assert.deepEqual(state({ ...trusted, answer: refused }), ['refused', false, undefined, 'x509: no'])
    const unclear = { outcome: 'unclear', message: 'context canceled' } as const
    assert.deepEqual(state({ ...trusted, answer: unclear }), [
      'unknown',
      false,
      undefined,
      'context canceled',
    ])
  })

  it('knows an engine that has read the OS store before it was changed', () => {
    const answer = { outcome: 'refused', message: 'x509: no' } as const
    const started = (startedMs: number): readonly string[] =>
      faults(verdict({ ...trusted, answer, survey: { startedMs } }))
    assert.deepEqual(started(-1), ['*restart-needed'])
    assert.deepEqual(started(0), [])
    assert.deepEqual(faults(verdict({ ...trusted, survey: { startedMs: -1 } })), [], 'it has refused nothing')
  })

  it('tells what an engine that cannot be asked is missing', () => {
    const finding = (survey: Partial<EngineSurvey>, required = true): readonly string[] =>
      verdict({ ...trusted, survey, required }).findings.map((found) => `${found.severity} ${found.code}`)
    const absent = { state: 'absent', installed: false } as const
    assert.deepEqual(finding(absent, false), ['error runtime-not-found'])
    assert.deepEqual(finding(absent, true), ['warning runtime-not-found'], 'it is prepared all the same')
    const client = { survey: { ...absent, problem: 'only the docker program, which asks one' } }
    assert.match(only(verdict(client), 'runtime-not-found').message, /no socket, only the docker program/)
    const nobody = verdict({ ...trusted, survey: absent, required: false })
    assert.deepEqual(
      nobody.consumers.map((entry) => entry.name),
      ['system'],
    )
    assert.deepEqual(finding({ state: 'down', problem: 'ECONNREFUSED' }), ['error daemon-down'])
    assert.deepEqual(finding({ state: 'unreachable', problem: 'EACCES' }), ['warning runtime-unreachable'])
    const judgement = verdict({ ...unknown, survey: { state: 'down' } })
    assert.deepEqual(faults(judgement), ['*unknown-authority', 'daemon-down'])
    assert.ok(!judgement.ownerMustAct)
  })

  it('names the service of a job, by what starts and stops it here', () => {
    const answer = { outcome: 'refused', message: 'x509: no' } as const
    const line = (survey: Partial<EngineSurvey>, code: FindingCode): string | undefined =>
      only(verdict({ ...trusted, answer, survey }), code).fix?.replace(/ {6}.*/, '')
    const stale = { name: 'docker-containerd', startedMs: -1 }
    const cases = [
      [{}, 'systemctl restart docker', 'systemctl start docker'],
      [{ service: 'sysv' }, 'service docker restart', 'service docker start'],
      [{ service: 'openrc' }, 'rc-service docker restart', 'rc-service docker start'],
      [{ service: 'init.d' }, '/etc/init.d/docker restart', '/etc/init.d/docker start'],
      [{ service: 'none' }, 'stop dockerd and start it the way it was started', 'start dockerd'],
      [{ service: 'systemd', manager: 'snap' }, 'snap restart docker', 'snap start docker'],
    ] as const
    for (const [survey, restart, start] of cases) {
      assert.equal(line({ ...stale, ...survey }, 'restart-needed'), restart)
      assert.equal(line({ state: 'down', ...survey }, 'daemon-down'), start)
    }
  })

  it('an engine that nobody asks has a sentence of its own, and each its program', () => {
    const survey = { name: 'k3s', unasked: true, state: 'unreachable', problem: 'it tells nobody' } as const
    const seen = (required: boolean) => only(verdict({ ...trusted, survey, required }), 'runtime-unreachable')
    assert.match(seen(false).message, /^k3s is asked by nobody here \(it tells nobody\): /)
    assert.match(seen(false).fix ?? '', /^trust-registry reg\.corp:5000 --runtime k3s --ca CA\.pem /)
    assert.equal(seen(true).fix, undefined)
    const lacks = (name: string, unasked?: true): string => {
      const gone = { name, state: 'absent', ...(unasked ? { unasked } : {}) } as const
      const { message } = only(verdict({ ...trusted, survey: gone }), 'runtime-not-found')
      return message.replace(/^.*: /, '')
    }
    assert.equal(lacks('docker'), 'no dockerd program and no socket')
    assert.equal(lacks('containerd'), 'no containerd program and no socket')
    const others = ['buildkit', 'k3s', 'rke2', 'cri-o'].map((name) => lacks(name, true))
    assert.deepEqual(others, ['no buildkitd program', 'no k3s program', 'no rke2 program', 'no crio program'])
  })

  const OPEN: readonly (readonly [string, Scene])[] = [
    ['by name', { survey: { insecureRegistries: ['reg.corp:5000'] } }],
    ['by network', { survey: { insecureNetworks: ['10.0.0.0/8', '198.18.0.0/15'] } }],
    [
      'by IPv6 network',
      { survey: { insecureNetworks: ['fd18::/16'] }, observation: { addresses: ['fd18::2'] } },
    ],
    [
      'by one address of several',
      {
        survey: { insecureNetworks: ['198.18.0.0/15'] },
        observation: { addresses: ['10.1.1.1', '198.18.9.9'] },
      },
    ],
  ]
  for (const [how, scene] of OPEN) {
    it(`says that an engine does not check at all: insecure-registries ${how}`, () => {
      const judgement = verdict({ ...unknown, ...scene })
      assert.deepEqual(faults(judgement), ['insecure-registry'])
      assert.equal(only(judgement, 'insecure-registry').severity, 'error')
      const { state, trusted: yes, predictedError } = consumer(judgement)
      assert.deepEqual([state, yes, predictedError], ['unchecked', false, undefined])
    })
  }

  it('where the docker program reads the daemon’s directory, the daemon tells what is in it; a store has no place', () => {
    const [docker] = evidence(trusted).engines
    assert.ok(docker)
    const ignored = [{ path: '/etc/docker/certs.d/reg.corp:5000/ca.pem', reason: 'it ends so' }]
    const told = (name: string, loader: 'classic' | 'store', path: string): Judgement => {
      const survey = { ...docker.survey, name, loader }
      const second = { ...docker, survey, required: false, trust: { ...docker.trust, path, ignored } }
      return judge(evidence({ ...trusted, more: { engines: [docker, second] } }))
    }
    assert.deepEqual(faults(told('docker-cli', 'classic', docker.trust.path)), [])
    const elsewhere = told('docker-cli', 'classic', '/elsewhere')
    assert.deepEqual(faults(elsewhere), ['trust-file-ignored'])
    assert.equal(consumer(elsewhere, 'docker-cli').trustLocation, '/elsewhere')
    assert.ok(!('trustLocation' in consumer(told('buildx', 'store', ''), 'buildx')))
  })

  it('names the line for an entry that only a person takes out: the registry’s own before a network', () => {
    const [own, network] = ['reg.corp:5000', '198.18.0.0/15'].map((entry) => ({
      ...{ entry, where: `the flag ${entry}` },
      fix: `without ${entry}`,
    }))
    assert.ok(own && network)
    const said = (survey: Partial<EngineSurvey>): readonly unknown[] => {
      const { message, fix = '' } = only(verdict({ ...unknown, survey }), 'insecure-registry')
      return [/, by (.*?): /.exec(message)?.[1], fix.replace(/ {6}.*/, '')]
    }
    const [insecureRegistries, insecureNetworks] = [[own.entry], [network.entry]]
    const both = { insecureRegistries, insecureNetworks }
    assert.deepEqual(said({ ...both, entriesByHand: [network, own] }), [own.where, own.fix])
    assert.deepEqual(said({ insecureNetworks, entriesByHand: [network] }), [network.where, network.fix])
    const ours = [undefined, 'trust-registry reg.corp:5000']
    assert.deepEqual(said({ ...both, entriesByHand: [network] }), ours, 'ours comes first')
    const elsewhere = verdict({ ...unknown, survey: { insecureRegistries, settingsFile: '/srv/d.json' } })
    assert.match(only(elsewhere, 'insecure-registry').fix ?? '', /"insecure-registries" in \/srv\/d\.json;/)
  })

  it('takes no other port, name or network, nor a damaged one, for insecure', () => {
    const insecureRegistries = ['reg.corp', 'reg.corp:5001', 'eg.corp:5000']
    const insecureNetworks = ['10.0.0.0/8', '198.18.0.0', '198.18.0.0/99', '198.18.0.0/x', 'x/8', '']
    const judgement = verdict({ ...unknown, survey: { insecureRegistries, insecureNetworks } })
    assert.deepEqual(faults(judgement), ['*unknown-authority'])
  })

  it('knows that loopback is never checked, whatever the chain is like', async () => {
    const expired = { sent: [await leaf(root, { notAfter: days(-1) })] }
    for (const address of ['127.0.0.1', '127.9.9.9', '::1']) {
      const judgement = verdict({ ...expired, observation: { addresses: [address] } })
      assert.equal(only(judgement, 'loopback-insecure').severity, 'warning')
      assert.equal(consumer(judgement).state, 'unchecked')
      assert.ok(!judgement.ownerMustAct)
      assert.equal(judgement.findings.filter((finding) => finding.first).length, 0)
    }
    const buildx = (registry: string): string => {
      const survey = { name: 'buildx', loader: 'store', insecureNetworks: [] } as const
      const seen = verdict({ ...expired, registry, survey, observation: { addresses: ['127.0.0.1'] } })
      return consumer(seen, 'buildx').state
    }
    assert.deepEqual(['reg.corp:5000', 'localhost:5000', '127.0.0.1:5000'].map(buildx), [
      'unknown',
      'unchecked',
      'unchecked',
    ])
    const counted = verdict({ ...unknown, observation: { addresses: ['127.0.0.1'] }, loopbackCounts: true })
    assert.deepEqual(faults(counted), ['*unknown-authority'])
  })

  const PODMAN = {
    name: 'podman',
    loader: 'containers',
    insecureRegistries: [],
    insecureNetworks: [],
  } as const

  it('an engine beside it that does check decides who has to act', async () => {
    const beside = (scene: Scene, required = true, answer?: EngineAnswer): Judgement => {
      const facts = evidence(scene)
      const podman = facts.engines.map(({ survey, ...engine }) => ({
        ...engine,
        survey: { ...survey, ...PODMAN },
        required,
        ...(answer ? { answer } : {}),
      }))
      return judge({ ...facts, engines: [...facts.engines, ...podman] })
    }
    const loopback = { observation: { addresses: ['127.0.0.1'] } }
    const listed = { survey: { insecureRegistries: ['reg.corp:5000'] } }
    const misnamed = { sent: [await leaf(root, { names: ['other.corp'] })], given: [root] }
    const ping = { status: 200, challenges: [], contentType: 'text/html', bodyStart: '<html>' }
    for (const scene of [loopback, listed]) {
      assert.ok(beside({ ...misnamed, ...scene }).ownerMustAct)
      const page = { ...scene, observation: { ...('observation' in scene ? scene.observation : {}), ping } }
      assert.ok(beside({ ...trusted, ...page }).ownerMustAct)
      assert.ok(
        !beside({ ...trusted, ...page }, false).ownerMustAct,
        'one that is only shown decides nothing',
      )
      assert.ok(!beside({ ...unknown, ...scene }).ownerMustAct, 'what this machine can mend')
      const content = beside({ ...misnamed, ...scene }, true, { outcome: 'accepted', message: '' })
      assert.ok(!content.ownerMustAct, 'by the word of the only one that looks')
    }
  })

  it('reports a directory that fails every request first, and the chain all the same', () => {
    const path = '/etc/docker/certs.d/reg.corp:5000/a.key'
    const message = 'missing client certificate a.cert for key a.key'
    const codes = ['client-key-orphan', 'client-cert-orphan', 'trust-directory-unreadable'] as const
    for (const code of codes) {
      const judgement = verdict({ ...unknown, trust: { fatal: { code, path, message } } })
      assert.deepEqual(faults(judgement), [`*${code}`, 'unknown-authority'])
      assert.equal(consumer(judgement).predictedError, message)
      assert.equal(only(judgement, code).owner, 'machine')
    }
    const failure = { code: 'unreachable', stage: 'connect', detail: 'refused', goError: 'refused' } as const
    const fatal = { code: 'client-key-orphan', path, message } as const
    const dark = verdict({ observation: { failure }, trust: { fatal } })
    assert.deepEqual(faults(dark), ['*client-key-orphan', 'unreachable'], 'Docker reads the directory first')
  })

  it('mentions files without effect, and a misnamed directory where it holds what the chain needs', () => {
    const path = '/etc/docker/certs.d/reg.corp'
    const trust = (pool: CertPool): Partial<TrustDirectory> => ({
      ignored: [{ path: '/etc/docker/certs.d/reg.corp:5000/ca.pem', reason: 'not .crt' }],
      misnamed: [{ path, pool }],
    })
    const judgement = verdict({ ...unknown, trust: trust(CertPool.of(parseCertificate(root.certificate))) })
    assert.deepEqual(faults(judgement), [
      '*unknown-authority',
      'trust-file-ignored',
      'trust-directory-misnamed',
    ])
    assert.equal(
      only(judgement, 'trust-directory-misnamed').fix,
      `install -D -m 644 -t /etc/docker/certs.d/reg.corp:5000 ${path}/*.crt`,
    )
    const neighbour = verdict({ ...unknown, trust: trust(new CertPool()) })
    assert.deepEqual(faults(neighbour), ['*unknown-authority', 'trust-file-ignored'])
  })
})
