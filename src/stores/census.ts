import { createHash } from 'node:crypto'
import { readCertificateBlocks } from '../x509/pem-issues.ts'

/** How often each certificate is in a bundle, by the SHA-256 of its DER; read as Go reads it. */
export type Census = ReadonlyMap<string, number>

export function census(bundle: Uint8Array): Census {
  const found = new Map<string, number>()
  for (const block of readCertificateBlocks(bundle).blocks) {
    const sha256 = fingerprintOf(block.bytes)
    found.set(sha256, (found.get(sha256) ?? 0) + 1)
  }
  return found
}

/** SHA-256 of a certificate's DER, 64 upper-case hex digits. */
export function fingerprintOf(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('hex').toUpperCase()
}

export interface Difference {
  /** In the sources and not in the bundle. */
  readonly missing: readonly string[]
  /** In the bundle and in no source: the next run of the tool takes them away. */
  readonly orphans: readonly string[]
  /** More often in the bundle than the sources account for. */
  readonly repeated: readonly string[]
}

export function compare(bundle: Census, sources: Census): Difference {
  const beyond = [...bundle].filter(([sha256, count]) => count > (sources.get(sha256) ?? 0))
  return {
    missing: [...sources.keys()].filter((sha256) => !bundle.has(sha256)),
    orphans: beyond.map(([sha256]) => sha256).filter((sha256) => !sources.has(sha256)),
    repeated: beyond.map(([sha256]) => sha256).filter((sha256) => sources.has(sha256)),
  }
}

export function isWhole(difference: Difference): boolean {
  return Object.values(difference).every((list: readonly string[]) => list.length === 0)
}
