import type { Certificate } from './certificate.ts'

/** x509.go extKeyUsageOIDs (RFC 5280 4.2.1.12 and older ones of vendors). */
export const extKeyUsageOids = {
  any: '2.5.29.37.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  ipsecEndSystem: '1.3.6.1.5.5.7.3.5',
  ipsecTunnel: '1.3.6.1.5.5.7.3.6',
  ipsecUser: '1.3.6.1.5.5.7.3.7',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  OCSPSigning: '1.3.6.1.5.5.7.3.9',
  microsoftServerGatedCrypto: '1.3.6.1.4.1.311.10.3.3',
  netscapeServerGatedCrypto: '2.16.840.1.113730.4.1',
  microsoftCommercialCodeSigning: '1.3.6.1.4.1.311.2.1.22',
  microsoftKernelCodeSigning: '1.3.6.1.4.1.311.61.1.1',
} as const

export type ExtKeyUsage = keyof typeof extKeyUsageOids

/**
 * verify.go checkChainForKeyUsage: a usage must be left after every certificate has struck out what it does
 * not list, the root included. The first certificate, from the root, that leaves none is returned.
 */
export function keyUsageObstacle(
  chain: readonly Certificate[],
  usages: readonly ExtKeyUsage[],
): Certificate | undefined {
  let remaining: readonly string[] = usages.map((usage) => extKeyUsageOids[usage])
  for (const certificate of chain.toReversed()) {
    const listed = certificate.extKeyUsages
    if (listed.length === 0 || listed.includes(extKeyUsageOids.any)) continue
    remaining = remaining.filter((usage) => listed.includes(usage))
    if (remaining.length === 0) return certificate
  }
  return undefined
}
