import {
  createCa,
  selfSigned,
  type CaOptions,
  type Certificate as Made,
  type CertificateAuthority,
  type LeafOptions,
} from '../../fixtures/pki.ts'
import type { Evidence } from '../../src/judge/index.ts'
import type { AiaFetch, Observation } from '../../src/registry/observation.ts'
import { parseRegistry } from '../../src/registry/reference.ts'
import type { EngineAnswer, EngineSurvey, TrustDirectory } from '../../src/runtimes/engine.ts'
import { CertPool, parseCertificate, parseGoVersion, type Certificate } from '../../src/x509/index.ts'

export const REGISTRY = 'reg.corp:5000'
export const HOST = 'reg.corp'
export const NOW = new Date('2026-06-01T12:00:00Z')

const DAY_MS = 86_400_000

/** So many days from now, where now is `NOW`. */
export function days(count: number): Date {
  return new Date(NOW.getTime() + count * DAY_MS)
}

const LONG = { notBefore: days(-1000), notAfter: days(3000), keyKind: 'p-256' } as const
const SHORT = { notBefore: days(-100), notAfter: days(200), keyKind: 'p-256' } as const

/** A root, or an intermediate with `issuer`: P-256, valid for years around `NOW`. */
export function ca(name: string, options: Omit<CaOptions, 'name'> = {}): Promise<CertificateAuthority> {
  return createCa({ ...LONG, name, ...options })
}

export function leaf(issuer: CertificateAuthority, options: Partial<LeafOptions> = {}): Promise<Made> {
  return issuer.issue({ ...SHORT, names: [HOST], ...options })
}

export function alone(options: Partial<LeafOptions> = {}): Promise<Made> {
  return selfSigned({ ...SHORT, names: [HOST], ...options })
}

export function read(made: Made): Certificate {
  return parseCertificate(made.certificate)
}

export function poolOf(...made: readonly Made[]): CertPool {
  return CertPool.of(...made.map(read))
}

/** What the address in `child` gave. */
export function fetched(child: Made, ...parents: readonly Made[]): AiaFetch {
  const certificates = parents.map((parent) => parent.certificate)
  return { url: 'http://pki.corp/ca.crt', namedBy: child.sha256, certificates }
}

export interface Scene {
  readonly registry?: string
  readonly sent?: readonly Made[]
  /** In place of `sent`: any bytes. */
  readonly raw?: readonly Buffer[]
  readonly observation?: Partial<Observation>
  /** The OS store. */
  readonly store?: readonly Made[]
  /** The OS store as the engine sees it, where its environment says otherwise. */
  readonly engineStore?: readonly Made[]
  /** certs.d of the registry. */
  readonly trusted?: readonly Made[]
  readonly trust?: Partial<TrustDirectory>
  readonly given?: readonly Made[]
  readonly fetched?: readonly AiaFetch[]
  readonly go?: string
  readonly survey?: Partial<EngineSurvey>
  readonly answer?: EngineAnswer
  readonly required?: boolean
  readonly at?: Date
  readonly loopbackCounts?: boolean
  readonly more?: Partial<Evidence>
}

/** A registry that answers 401 with Basic, a running Docker that has not been asked, and what `scene` says. */
export function evidence(scene: Scene): Evidence {
  const store = poolOf(...(scene.store ?? []))
  const go = parseGoVersion(scene.go ?? 'go1.26.7')
  const { answer } = scene
  return {
    observation: {
      target: parseRegistry(scene.registry ?? REGISTRY),
      addresses: ['198.18.0.2'],
      address: '198.18.0.2',
      sent: scene.raw ?? (scene.sent ?? []).map((made) => made.certificate),
      fetched: scene.fetched ?? [],
      ping: {
        status: 401,
        apiVersion: 'registry/2.0',
        challenges: [{ scheme: 'basic', parameters: { realm: 'Registry' } }],
        bodyStart: '',
      },
      ...scene.observation,
    },
    at: scene.at ?? NOW,
    given: (scene.given ?? []).map(read),
    store,
    engines: [
      {
        survey: {
          name: 'docker',
          kind: 'daemon',
          installed: true,
          state: 'running',
          version: '29.0.1',
          loader: 'classic',
          insecureRegistries: [],
          insecureNetworks: ['127.0.0.0/8', '::1/128'],
          environment: {},
          environmentAssumed: false,
          ...(go ? { go } : {}),
          ...scene.survey,
        },
        trust: {
          path: `/etc/docker/certs.d/${REGISTRY}`,
          state: 'read',
          pool: poolOf(...(scene.trusted ?? [])),
          ignored: [],
          misnamed: [],
          symlink: false,
          ...scene.trust,
        },
        store: scene.engineStore ? poolOf(...scene.engineStore) : store,
        storeChangedMs: 0,
        required: scene.required ?? true,
        ...(answer ? { answer } : {}),
      },
    ],
    ...(scene.loopbackCounts === undefined ? {} : { loopbackCounts: scene.loopbackCounts }),
    ...scene.more,
  }
}
