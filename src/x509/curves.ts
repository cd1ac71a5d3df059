/** A prime curve y² = x³ - 3x + b (SEC 2, FIPS 186-4 D.1.2): the four that Go knows by name. */
export interface Curve {
  readonly name: string
  readonly bits: number
  readonly p: bigint
  readonly b: bigint
}

const p224: Curve = {
  name: 'P-224',
  bits: 224,
  p: 2n ** 224n - 2n ** 96n + 1n,
  b: 0xb4050a850c04b3abf54132565044b0b7d7bfd8ba270b39432355ffb4n,
}
const p256: Curve = {
  name: 'P-256',
  bits: 256,
  p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
  b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
}
const p384: Curve = {
  name: 'P-384',
  bits: 384,
  p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
  b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
}
const p521: Curve = {
  name: 'P-521',
  bits: 521,
  p: 2n ** 521n - 1n,
  b: 0x51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
}

/** x509.go namedCurveFromOID. */
export const curves: Readonly<Record<string, Curve>> = {
  '1.3.132.0.33': p224,
  '1.2.840.10045.3.1.7': p256,
  '1.3.132.0.34': p384,
  '1.3.132.0.35': p521,
}

/**
 * What is wrong with an uncompressed point of the curve (SEC 1 2.3.4; Go takes no compressed ones), in the words
 * of crypto/ecdsa ParseUncompressedPublicKey and crypto/internal/fips140/nistec; undefined for a point on it.
 */
export function pointFault(curve: Curve, point: Buffer): string | undefined {
  const size = Math.ceil(curve.bits / 8)
  const name = curve.name.replace('-', '')
  if (point[0] !== 4) return 'ecdsa: invalid uncompressed public key'
  if (point.length !== 1 + 2 * size) return `invalid ${name} point encoding`
  const x = BigInt(`0x${point.toString('hex', 1, 1 + size)}`)
  const y = BigInt(`0x${point.toString('hex', 1 + size)}`)
  if (x >= curve.p || y >= curve.p)
    return `invalid ${name}${name === 'P256' ? ' element' : 'Element'} encoding`
  return (y * y - x * x * x + 3n * x - curve.b) % curve.p === 0n ? undefined : `${name} point not on curve`
}
