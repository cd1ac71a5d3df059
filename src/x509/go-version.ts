/** A Go toolchain, as `GET /version` of a daemon tells it. Without `patch`, the line's last release is meant. */
export interface GoVersion {
  readonly major: 1
  readonly minor: number
  readonly patch?: number
  readonly text: string
}

/** The newest line whose rules are known here. */
export const newestGo: GoVersion = { major: 1, minor: 27, text: 'go1.27' }

const pattern = /^(?:devel )?(?:go)?1\.(\d{1,4})(?:\.(\d{1,4}))?(?![\d.])/

/** Reads `go1.19.8`, `1.26`, `go1.26.7 X:foo`, `go1.27rc1`, `devel go1.28-abcdef`; anything else is unknown. */
export function parseGoVersion(text: string): GoVersion | undefined {
  const trimmed = text.trim()
  const match = pattern.exec(trimmed)
  if (match?.[1] === undefined) return undefined
  const version = { major: 1 as const, minor: Number(match[1]), text: trimmed.replace(/^(?!go|devel)/, 'go') }
  return match[2] === undefined ? version : { ...version, patch: Number(match[2]) }
}

/** Whether the rule that came with 1.`minor`.`patch` holds. */
export function goAtLeast(go: GoVersion, minor: number, patch = 0): boolean {
  if (go.minor !== minor) return go.minor > minor
  return (go.patch ?? Number.POSITIVE_INFINITY) >= patch
}

/** Whether a fix that was brought to several lines is in: one entry per line, `minor.patch`, oldest first. */
export function goHasFix(go: GoVersion, ...releases: readonly `${number}.${number}`[]): boolean {
  const lines = releases.map((release) => release.split('.').map(Number))
  const own = lines.find(([minor]) => minor === go.minor)
  if (own !== undefined) return goAtLeast(go, go.minor, own[1])
  return go.minor > (lines.at(-1)?.[0] ?? 0)
}

/** golang.org/x/crypto/cryptobyte refuses leading zeros in an OID's component (X.690 8.19.2), in Go since 1.21. */
export function takesPaddedOids(go: GoVersion): boolean {
  return !goAtLeast(go, 21)
}

/** crypto/tls wraps the verdict since Go 1.20 (`tls.CertificateVerificationError`). */
export function tlsVerifyPrefix(go: GoVersion): string {
  return goAtLeast(go, 20) ? 'tls: failed to verify certificate: ' : ''
}
