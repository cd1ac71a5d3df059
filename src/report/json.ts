import type { ChainLink } from '../judge/judgement.ts'
import type { CertificateDocument, FailureDocument, ResultDocument } from './document.ts'
import { unicodeClass } from './unicode.ts'

/** `true` for a value that is printed as it is, else the keys in their order. */
type Order<T> = T extends readonly (infer Item)[]
  ? Order<Item>
  : T extends object
    ? string extends keyof T
      ? true
      : { readonly [Key in keyof T]-?: Order<NonNullable<T[Key]>> }
    : true

const tool = { name: true, version: true } as const
const error = { code: true, message: true, seen: true, fix: true } as const
const identity = { how: true, sha256: true, subject: true } as const

/** DESIGN 3, key by key: the types demand that none is missing, and the order here is the order printed. */
const resultOrder: Order<ResultDocument> = {
  schemaVersion: true,
  tool,
  command: true,
  ok: true,
  exitCode: true,
  changed: true,
  restartNeeded: true,
  machine: {
    kind: true,
    name: true,
    why: true,
    os: { id: true, family: true },
    runtimes: { name: true, version: true, goVersion: true, loader: true, state: true },
  },
  registries: {
    registry: true,
    ok: true,
    exitCode: true,
    changed: true,
    verified: true,
    probe: {
      addresses: true,
      address: true,
      proxy: true,
      tlsVersion: true,
      clockSkewSeconds: true,
      chain: {
        sha256: true,
        subject: true,
        issuer: true,
        serialNumber: true,
        notBefore: true,
        notAfter: true,
        role: true,
        origin: true,
        pem: true,
      },
      ping: { status: true, apiVersion: true, challenges: { scheme: true, parameters: true } },
    },
    identity,
    findings: {
      code: true,
      severity: true,
      owner: true,
      certificate: true,
      first: true,
      message: true,
      fix: true,
    },
    consumers: {
      name: true,
      required: true,
      state: true,
      trusted: true,
      seesChain: true,
      predictedError: true,
      observedError: true,
      trustLocation: true,
      assumed: true,
    },
    plan: { action: true, target: true, reason: true, runtime: true, privileged: true },
    changes: { path: true, state: true, sha256: true, before: true, namedBy: true },
    login: { attempted: true, ok: true, realm: true, message: true },
    error,
  },
  entries: {
    registry: true,
    what: true,
    where: true,
    runtime: true,
    since: true,
    identity,
    expires: true,
    superseded: true,
    holds: true,
    drift: true,
  },
}

const failureOrder: Order<FailureDocument> = {
  schemaVersion: true,
  tool,
  command: true,
  ok: true,
  exitCode: true,
  error,
}

/** One JSON document; what the contract does not name is not printed, so no secret slips in by accident. */
export function renderJson(document: ResultDocument | FailureDocument): string {
  const order = 'registries' in document ? resultOrder : failureOrder
  return `${harmless(JSON.stringify(arranged(document, order), undefined, 2))}\n`
}

function arranged(value: unknown, order: unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => arranged(item, order))
  if (!isRecord(value) || !isRecord(order)) return value
  const known = Object.keys(order).filter((key) => value[key] !== undefined)
  return Object.fromEntries(known.map((key) => [key, arranged(value[key], order[key])]))
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

const isHarmful = unicodeClass(String.raw`[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]`)

/**
 * Values stay exact, their spelling is chosen: what a terminal obeys and `JSON.stringify` lets through
 * (DEL, C1, bidi, zero-width), and the `##[` of CI log commands, are written as JSON escapes.
 */
function harmless(json: string): string {
  return json
    .replace(/[^\n -~]/gu, (char) => (isHarmful(char) ? char.split('').map(unicodeEscape).join('') : char))
    .replace(/##(?=(?:vso)?\[)/gi, '#\\u0023')
}

function unicodeEscape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** A certificate as the document shows it; its PEM only where somebody asked. */
export function certificateDocument(
  { certificate, role, origin }: ChainLink,
  options: { readonly pem: boolean },
): CertificateDocument {
  return {
    sha256: certificate.sha256,
    subject: certificate.subject.text,
    issuer: certificate.issuer.text,
    serialNumber: certificate.serialNumber,
    notBefore: rfc3339(certificate.notBefore),
    notAfter: rfc3339(certificate.notAfter),
    role,
    origin,
    ...(options.pem ? { pem: pemOf(certificate.raw) } : {}),
  }
}

/** Certificates count in seconds, so the milliseconds would be noise. */
function rfc3339(date: Date): string {
  return date.toISOString().replace(/\.\d{3}Z$/, 'Z')
}

function pemOf(raw: Buffer): string {
  const lines = raw.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}
