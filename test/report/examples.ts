import { createHash } from 'node:crypto'
import type { Consumer, ChainLink, Finding, Origin, Role } from '../../src/judge/judgement.ts'
import type { RegistryDocument, ResultDocument } from '../../src/report/document.ts'
import { certificateDocument } from '../../src/report/json.ts'
import type { TextOptions } from '../../src/report/style.ts'
import type { Outcome, RegistryView } from '../../src/report/view.ts'
import type { Certificate } from '../../src/x509/index.ts'

export const NOW = new Date('2026-11-22T08:00:00Z')

export const PLAIN: TextOptions = {
  color: false,
  unicode: true,
  columns: 80,
  verbose: false,
  quiet: false,
}

interface Sketch {
  readonly issuer?: string
  readonly from?: string
  readonly to?: string
}

/** Only what the report reads of a certificate; its hash is derived from its name. */
export function link(name: string, role: Role, origin: Origin, sketch: Sketch = {}): ChainLink {
  const issuer = sketch.issuer ?? name
  const certificate = {
    raw: Buffer.from(name),
    sha256: sha256(name),
    subject: { text: `CN=${name}`, commonName: name, organization: [], empty: false },
    issuer: { text: `CN=${issuer}`, commonName: issuer, organization: [], empty: false },
    serialNumber: '0A1B',
    notBefore: new Date(sketch.from ?? '2024-03-01T00:00:00Z'),
    notAfter: new Date(sketch.to ?? '2034-03-01T00:00:00Z'),
  } as unknown as Certificate
  return { certificate, role, origin }
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex').toUpperCase()
}

export function consumer(name: string, state: Consumer['state'], more: Partial<Consumer> = {}): Consumer {
  const certsD = '/etc/docker/certs.d/reg.corp:5000'
  const place = name === 'docker' ? { trustLocation: certsD } : {}
  return { name, required: name === 'docker', state, trusted: state === 'trusted', ...place, ...more }
}

export function registry(more: Partial<RegistryDocument> = {}): RegistryDocument {
  return {
    registry: 'reg.corp:5000',
    ok: true,
    exitCode: 0,
    changed: false,
    verified: false,
    findings: [],
    consumers: [],
    plan: [],
    changes: [],
    ...more,
  }
}

const BASIC = { status: 401, challenges: [{ scheme: 'basic', parameters: { realm: 'corp' } }] }

/** `path` is leaf to root, as in a view. */
export function outcome(
  command: string,
  document: RegistryDocument,
  path: readonly ChainLink[] = [],
  more: Partial<ResultDocument> & Partial<Pick<RegistryView, 'takenFrom'>> = {},
): Outcome {
  const { takenFrom, ...whole } = more
  const chain = path.map((one) => certificateDocument(one, { pem: false }))
  const probed: RegistryDocument =
    path.length === 0
      ? document
      : { probe: { addresses: ['10.0.0.5'], address: '10.0.0.5', chain, ping: BASIC }, ...document }
  return {
    document: {
      schemaVersion: 1,
      tool: { name: 'trust-registry', version: '0.1.0' },
      command,
      ok: probed.ok,
      exitCode: probed.exitCode,
      changed: probed.changed,
      machine: {
        kind: 'local',
        os: { id: 'debian', family: 'debian' },
        runtimes: [{ name: 'docker', version: '20.10.24', goVersion: 'go1.19.8', loader: 'classic' }],
      },
      registries: [probed],
      ...whole,
    },
    views: [{ document: probed, path, at: NOW, ...(takenFrom === undefined ? {} : { takenFrom }) }],
  }
}

const UNKNOWN = 'x509: certificate signed by unknown authority'
const PINGED = `Get "https://reg.corp:5000/v2/": ${UNKNOWN}`
const OPENSSL = 'unable to get local issuer certificate'

export const privatePath = [
  link('reg.corp', 'leaf', 'sent', { issuer: 'Corp Issuing CA 2', to: '2026-12-15T09:00:00Z' }),
  link('Corp Issuing CA 2', 'intermediate', 'sent', { issuer: 'Corp Root CA', to: '2029-03-01T00:00:00Z' }),
  link('Corp Root CA', 'root', 'given'),
]

export const unknownAuthority: Finding = {
  code: 'unknown-authority',
  severity: 'error',
  owner: 'machine',
  certificate: sha256('Corp Issuing CA 2'),
  first: true,
  message:
    'the certificate of reg.corp leads to "Corp Root CA", a private CA that neither docker nor this machine knows',
  fix: `trust-registry reg.corp:5000 --fingerprint SHA256:${sha256('Corp Issuing CA 2')}`,
}

export const expiresSoon: Finding = {
  code: 'expires-soon',
  severity: 'warning',
  owner: 'registry',
  certificate: sha256('reg.corp'),
  message: 'the certificate of reg.corp ends on 2026-12-15, in 23 days',
  fix: 'renew it and reload the registry',
}

/** A private CA that sends its intermediate and whose root nobody here knows. */
export const privateCa = outcome(
  'diagnose',
  registry({
    ok: false,
    exitCode: 1,
    findings: [expiresSoon, unknownAuthority],
    consumers: [
      consumer('docker', 'refused', { predictedError: PINGED, observedError: PINGED }),
      consumer('system', 'refused', { predictedError: OPENSSL }),
    ],
  }),
  privatePath.slice(0, 2),
)

/** The root is in the OS store, the server forgot the intermediate. */
export const missingIntermediate = outcome(
  'diagnose',
  registry({
    registry: 'reg.example.org',
    ok: false,
    exitCode: 1,
    findings: [
      {
        code: 'missing-intermediate',
        severity: 'error',
        owner: 'registry',
        certificate: sha256('YR1'),
        first: true,
        message:
          'the server does not send "YR1", which http://yr1.i.lencr.org/ gives; with it the chain leads to "ISRG Root X1", which this machine trusts',
        fix: '# nginx: the whole chain, not the certificate alone\nssl_certificate /etc/letsencrypt/live/reg.example.org/fullchain.pem;\n# docker-registry: the same file in REGISTRY_HTTP_TLS_CERTIFICATE',
      },
    ],
    consumers: [
      consumer('docker', 'refused', {
        predictedError: `Get "https://reg.example.org/v2/": ${UNKNOWN}`,
        trustLocation: '/etc/docker/certs.d/reg.example.org',
      }),
      consumer('system', 'refused', { predictedError: 'unable to verify the first certificate' }),
    ],
  }),
  [
    link('reg.example.org', 'leaf', 'sent', {
      issuer: 'YR1',
      from: '2026-10-01T00:00:00Z',
      to: '2026-12-30T00:00:00Z',
    }),
    link('YR1', 'intermediate', 'fetched', { issuer: 'ISRG Root X1', to: '2027-03-12T00:00:00Z' }),
    link('ISRG Root X1', 'root', 'store', { from: '2015-06-04T00:00:00Z', to: '2035-06-04T00:00:00Z' }),
  ],
  { takenFrom: 'https://reg.example.org/v2/team/app' },
)

export const trusted = outcome(
  'diagnose',
  registry({
    consumers: [consumer('docker', 'trusted'), consumer('system', 'refused', { predictedError: OPENSSL })],
  }),
  [
    link('reg.corp', 'leaf', 'sent', { issuer: 'Corp Root CA', to: '2027-06-01T00:00:00Z' }),
    link('Corp Root CA', 'root', 'given'),
  ],
)

export const unchecked = outcome(
  'diagnose',
  registry({
    registry: 'localhost:5000',
    findings: [
      {
        code: 'loopback-insecure',
        severity: 'warning',
        owner: 'machine',
        message: 'docker takes every registry on a loopback address without looking at its certificate',
      },
    ],
    consumers: [consumer('docker', 'unchecked', { trustLocation: '/etc/docker/certs.d/localhost:5000' })],
  }),
  [link('localhost', 'leaf', 'sent')],
)

const caFile = '/etc/docker/certs.d/reg.corp:5000/trust-registry-5C1F.crt'
export const rootIdentity = {
  how: 'pin',
  sha256: sha256('Corp Root CA'),
  subject: 'CN=Corp Root CA',
} as const

export const trustDone = outcome(
  'trust',
  registry({
    changed: true,
    verified: true,
    identity: rootIdentity,
    consumers: [consumer('docker', 'trusted')],
    plan: [
      {
        action: 'write',
        target: caFile,
        reason: 'the CA that was accepted',
        runtime: 'docker',
        privileged: true,
      },
    ],
    changes: [{ path: caFile, state: 'written', sha256: sha256('file') }],
    login: { attempted: true, ok: true },
  }),
  privatePath,
)

export const trustPlanned = outcome(
  'trust',
  registry({
    identity: rootIdentity,
    consumers: [consumer('docker', 'refused', { predictedError: PINGED })],
    findings: [unknownAuthority],
    plan: trustDone.document.registries[0]?.plan ?? [],
  }),
  privatePath,
)

export const undone = outcome(
  'undo',
  registry({
    changed: true,
    changes: [
      { path: caFile, state: 'removed' },
      { path: '/etc/docker/certs.d/reg.corp:5000', state: 'removed' },
    ],
  }),
)

export const pinMismatch = outcome(
  'trust',
  registry({
    ok: false,
    exitCode: 5,
    consumers: [consumer('docker', 'refused', { predictedError: PINGED })],
    findings: [unknownAuthority],
    error: {
      code: 'identity-mismatch',
      message: 'no certificate that reg.corp:5000 shows has the fingerprint that was given',
      seen: `Corp Issuing CA 2  SHA256:${sha256('Corp Issuing CA 2')}`,
      fix: 'ask the registry owner for the fingerprint of the CA, and give that',
    },
  }),
  privatePath.slice(0, 2),
)

const NASTY = 'Evil\u001b[2J\u001b]8;;http://x\u0007\r\n::error::pwned ##vso[task.fail]\u202egro.proc\u200b'
export const hostile = outcome(
  'diagnose',
  registry({
    ok: false,
    exitCode: 1,
    findings: [
      {
        ...unknownAuthority,
        certificate: sha256(NASTY),
        message: `${NASTY} ::error::again\n::error::x`,
        fix: NASTY,
      },
    ],
    consumers: [
      consumer('docker', 'refused', {
        observedError: NASTY,
        predictedError: `${NASTY}!`,
        trustLocation: NASTY,
      }),
    ],
    identity: { how: 'first-use', sha256: sha256(NASTY), subject: NASTY },
    plan: [{ action: 'run', target: NASTY, reason: NASTY, privileged: false }],
    changes: [{ path: NASTY, state: 'kept' }],
    login: { attempted: true, ok: false, realm: NASTY, message: NASTY },
    error: { code: 'policy', message: NASTY, seen: NASTY, fix: NASTY },
  }),
  [link(NASTY, 'leaf', 'sent', { issuer: `${NASTY} CA` })],
  { takenFrom: NASTY },
)

export const everyOutcome = {
  privateCa,
  missingIntermediate,
  trusted,
  unchecked,
  trustDone,
  trustPlanned,
  undone,
  pinMismatch,
  hostile,
}
