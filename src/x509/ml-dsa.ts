import { createRequire } from 'node:module'
import type * as Noble from '@noble/post-quantum/ml-dsa.js'

/** A parameter set of FIPS 204, table 1; sizes in octets. */
export interface MlDsaParameters {
  readonly name: 'ML-DSA-44' | 'ML-DSA-65' | 'ML-DSA-87'
  readonly keySize: number
  readonly signatureSize: number
  /** ω: as many hints at most, in the `rows` (k) polynomials of the signature's end. */
  readonly hints: number
  readonly rows: number
}

/** By the OID that stands for key and signature alike (RFC 9881 2). */
export const mlDsaParameters: Readonly<Record<string, MlDsaParameters>> = {
  '2.16.840.1.101.3.4.3.17': { name: 'ML-DSA-44', keySize: 1312, signatureSize: 2420, hints: 80, rows: 4 },
  '2.16.840.1.101.3.4.3.18': { name: 'ML-DSA-65', keySize: 1952, signatureSize: 3309, hints: 55, rows: 6 },
  '2.16.840.1.101.3.4.3.19': { name: 'ML-DSA-87', keySize: 2592, signatureSize: 4627, hints: 75, rows: 8 },
}

export interface MlDsaKey {
  readonly parameters: MlDsaParameters
  /** As it stands in the certificate, `keySize` octets. */
  readonly octets: Buffer
}

/** crypto/mldsa Verify, without a context: Go's complaint, or undefined for a signature that holds. */
export function mlDsaFault(key: MlDsaKey, message: Buffer, signature: Buffer): string | undefined {
  const { parameters } = key
  if (signature.length !== parameters.signatureSize) return 'mldsa: invalid signature length'
  if (!hintsDecode(signature, parameters)) return 'mldsa: invalid signature encoding'
  return schemes()[parameters.name].verify(signature, message, key.octets)
    ? undefined
    : 'mldsa: invalid signature'
}

// FIPS 204 algorithm 21 (HintBitUnpack), only for the distinction that Go's texts make.
function hintsDecode(signature: Buffer, { hints, rows }: MlDsaParameters): boolean {
  const encoded = signature.subarray(signature.length - hints - rows)
  let index = 0
  for (const limit of encoded.subarray(hints)) {
    if (limit < index || limit > hints) return false
    const row = encoded.subarray(index, limit)
    if (row.some((place, i) => i > 0 && (row[i - 1] ?? 0) >= place)) return false
    index = limit
  }
  return encoded.subarray(index, hints).every((octet) => octet === 0)
}

let known: Readonly<Record<MlDsaParameters['name'], Noble.DSA>> | undefined

// OpenSSL has ML-DSA since 3.5, which Node 20 and 22 do not come with. The library takes 6 ms to load, hence not
// before there is such a key; `require`, for a verdict waits for nothing.
function schemes(): NonNullable<typeof known> {
  if (known !== undefined) return known
  const noble = createRequire(import.meta.url)('@noble/post-quantum/ml-dsa.js') as typeof Noble
  return (known = { 'ML-DSA-44': noble.ml_dsa44, 'ML-DSA-65': noble.ml_dsa65, 'ML-DSA-87': noble.ml_dsa87 })
}
