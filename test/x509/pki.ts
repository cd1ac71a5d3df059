import { constants, createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { parseCertificate, parseGoVersion, type Certificate, type GoVersion } from '../../src/x509/index.ts'
import {
  bits,
  boolean,
  context,
  explicit,
  integer,
  nothing,
  octets,
  oid,
  sequence,
  set,
  text,
  time,
} from './der-writer.ts'

/** A key pair with what a certificate needs to know of it. */
export interface Key {
  readonly privateKey: KeyObject
  readonly spki: Buffer
  readonly signature: Buffer
  readonly hash: string | null
}

const ecdsaSha256 = sequence(oid('1.2.840.10045.4.3.2'))
export const rsaSha256 = sequence(oid('1.2.840.113549.1.1.11'), nothing())
export const ecdsaSha1 = sequence(oid('1.2.840.10045.4.1'))

export function ecKey(curve = 'P-256'): Key {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: curve })
  return key(privateKey, publicKey, ecdsaSha256, 'sha256')
}

export function rsaKey(modulusLength = 2048): Key {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength })
  return key(privateKey, publicKey, rsaSha256, 'sha256')
}

export function edKey(): Key {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return key(privateKey, publicKey, sequence(oid('1.3.101.112')), null)
}

function key(privateKey: KeyObject, publicKey: KeyObject, signature: Buffer, hash: string | null): Key {
  return { privateKey, spki: publicKey.export({ format: 'der', type: 'spki' }), signature, hash }
}

export interface Field {
  readonly oid: string
  readonly critical?: boolean
  readonly value: Buffer
}

export interface Recipe {
  readonly subject: string | Buffer
  readonly key: Key
  readonly version?: number
  readonly serial?: bigint
  readonly notBefore?: Date | Buffer
  readonly notAfter?: Date | Buffer
  readonly extensions?: readonly Field[]
  readonly spki?: Buffer
  /** Announced, and computed with, instead of the signer's. */
  readonly algorithm?: Buffer
  readonly hash?: string
  readonly outerAlgorithm?: Buffer
  readonly pss?: true
}

export interface Issued {
  readonly der: Buffer
  readonly certificate: Certificate
  readonly key: Key
  readonly name: Buffer
}

/** A moment at which everything made here is valid. */
export const noon = new Date('2026-06-01T12:00:00Z')
export const yearBefore = new Date('2025-06-01T12:00:00Z')
export const yearAfter = new Date('2027-06-01T12:00:00Z')

export function distinguishedName(commonName: string): Buffer {
  return sequence(set(sequence(oid('2.5.4.3'), text(commonName))))
}

/** DER of a certificate: nothing is checked, so that what Go refuses can be made. */
export function encode(recipe: Recipe, issuer?: { readonly name: Buffer; readonly key: Key }): Buffer {
  const name = nameOf(recipe)
  const signer = issuer?.key ?? recipe.key
  const algorithm = recipe.algorithm ?? signer.signature
  const extensions = (recipe.extensions ?? []).map(({ oid: id, critical, value }) =>
    sequence(oid(id), ...(critical === true ? [boolean(true)] : []), octets(value)),
  )
  const version = recipe.version ?? 3
  const tbs = sequence(
    ...(version === 1 ? [] : [explicit(0, integer(version - 1))]),
    integer(recipe.serial ?? 4711n),
    algorithm,
    issuer?.name ?? name,
    sequence(moment(recipe.notBefore ?? yearBefore), moment(recipe.notAfter ?? yearAfter)),
    name,
    recipe.spki ?? recipe.key.spki,
    ...(extensions.length === 0 ? [] : [explicit(3, sequence(...extensions))]),
  )
  const padding = recipe.pss === true ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : {}
  const signature = sign(recipe.hash ?? signer.hash, tbs, { key: signer.privateKey, ...padding })
  return sequence(tbs, recipe.outerAlgorithm ?? algorithm, bits(signature))
}

function nameOf(recipe: Recipe): Buffer {
  return typeof recipe.subject === 'string' ? distinguishedName(recipe.subject) : recipe.subject
}

function moment(value: Date | Buffer): Buffer {
  return value instanceof Date ? time(value) : value
}

/** As `encode`, parsed by the newest Go's rules. */
export function issue(recipe: Recipe, issuer?: { readonly name: Buffer; readonly key: Key }): Issued {
  const der = encode(recipe, issuer)
  return { der, certificate: parseCertificate(der), key: recipe.key, name: nameOf(recipe) }
}

export const extension = {
  ca: (pathLength?: number): Field => ({
    oid: '2.5.29.19',
    critical: true,
    value: sequence(boolean(true), ...(pathLength === undefined ? [] : [integer(pathLength)])),
  }),
  notCa: (): Field => ({ oid: '2.5.29.19', critical: true, value: sequence() }),
  names: (...names: readonly Buffer[]): Field => ({ oid: '2.5.29.17', value: sequence(...names) }),
  usages: (...oids: readonly string[]): Field => ({ oid: '2.5.29.37', value: sequence(...oids.map(oid)) }),
  keyUsage: (octet: number, unused = 0): Field => ({
    oid: '2.5.29.15',
    critical: true,
    value: bits(Buffer.from([octet]), unused),
  }),
  subjectKey: (id: string): Field => ({ oid: '2.5.29.14', value: octets(Buffer.from(id, 'hex')) }),
  authorityKey: (id: string): Field => ({
    oid: '2.5.29.35',
    value: sequence(context(0, Buffer.from(id, 'hex'))),
  }),
  constraints: (permitted: readonly Buffer[], excluded: readonly Buffer[] = []): Field => ({
    oid: '2.5.29.30',
    critical: true,
    value: sequence(
      ...(permitted.length === 0 ? [] : [explicit(0, ...permitted.map((base) => sequence(base)))]),
      ...(excluded.length === 0 ? [] : [explicit(1, ...excluded.map((base) => sequence(base)))]),
    ),
  }),
  policies: (...oids: readonly string[]): Field => ({
    oid: '2.5.29.32',
    value: sequence(...oids.map((policy) => sequence(oid(policy)))),
  }),
}

export const dns = (name: string): Buffer => context(2, Buffer.from(name))
export const mail = (name: string): Buffer => context(1, Buffer.from(name))
export const uri = (name: string): Buffer => context(6, Buffer.from(name))
export const ip = (...octets: readonly number[]): Buffer => context(7, Buffer.from(octets))

export function go(text: string): GoVersion {
  const version = parseGoVersion(text)
  if (version === undefined) throw new Error(`${text} is no Go version`)
  return version
}

export function keyId(key: Key): string {
  return createHash('sha1').update(key.spki).digest('hex')
}

export interface Family {
  readonly root: Issued
  readonly intermediate: Issued
  readonly leaf: Issued
}

/** A root, an intermediate and a leaf for registry.example, all EC: made in about a millisecond. */
export function family(): Family {
  const root = issue({ subject: 'Corp Root', key: ecKey(), extensions: [extension.ca()] })
  const intermediate = issue({ subject: 'Corp Issuing', key: ecKey(), extensions: [extension.ca()] }, root)
  const leaf = issue(
    {
      subject: 'registry',
      key: ecKey(),
      extensions: [extension.names(dns('registry.example')), extension.usages('1.3.6.1.5.5.7.3.1')],
    },
    intermediate,
  )
  return { root, intermediate, leaf }
}
