import type { Certificate } from './certificate.ts'
import { goHasFix, type GoVersion } from './go-version.ts'

/** verify.go distrustedSPKIHashes: SHA-256 of the keys of intermediates that no store takes back in time. */
const distrusted: ReadonlySet<string> = new Set(
  [
    'ebed6475c2c2d80fcb199f3fe8dd6e6b3ce60b77eb15d4e42c3dec0c6f5b5105',
    '49dd353dc2b919a3770645117d0e60c16115e7d1bc259eefe734b00ea434fe5f',
    'e0254c7fcdc265e2f0f8a428dabb75ab4ae039b4872d62f5ee57f0877d5a8a41',
    '5c0660a2b164910d8ff589c18e14552e9e0ec237dcefe2cb736d41a4811f81a0',
    '43bffa19d6ef651451f6841e019931e96f6f2eaeff28ab4b6f1ce4576de2717b',
    '63ecefee431d49523bc1136c4e72d0206a477086caf606cd5cf025686c109cf8',
    'ec4ffa1ad0ac88081314b7aaffef6a91f97cd57291bb5ba686c5415f5eb4f6b6',
    '92c063d67e8f14db71d288e11266ffdaf69cbf115f7bab14f3bc2f68d25e0e30',
  ].map((hash) => hash.toUpperCase()),
)

/** The first link of a chain whose key Go refuses whoever vouches for it: CVE-2026-111943, in 1.26.10 and 1.27.3. */
export function distrustedLink(chain: readonly Certificate[], go: GoVersion): Certificate | undefined {
  if (!goHasFix(go, '26.10', '27.3')) return undefined
  return chain.find((certificate) => distrusted.has(certificate.spkiSha256))
}
