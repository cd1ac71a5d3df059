import { tryParseCertificate, type Certificate, type GoVersion } from '../x509/index.ts'
import type { Finding } from './judgement.ts'

/** What can be read of it. Nothing where the first cannot: the next one must not pass for the server's own. */
export function readChain(sent: readonly Buffer[], go: GoVersion): readonly Certificate[] {
  const [leaf, ...others] = sent.map((der) => parseOrSkip(der, go))
  return leaf?.[0] ? [...leaf, ...others.flat()] : []
}

export function parseOrSkip(der: Buffer, go: GoVersion): readonly Certificate[] {
  const read = tryParseCertificate(der, go)
  return read instanceof Error ? [] : [read]
}

/** One certificate that cannot be read ends a Go client's handshake, wherever it stands. */
export function malformed(sent: readonly Buffer[], go: GoVersion): readonly Finding[] {
  return sent.flatMap((der, index): Finding[] => {
    const read = tryParseCertificate(der, go)
    if (!(read instanceof Error)) return []
    const message = `certificate ${index + 1} of ${sent.length}, as sent, cannot be read: ${read.message}`
    const fix =
      'openssl x509 -in leaf.pem -noout -text      # of the file that the server sends; have it issued anew'
    return [{ code: 'malformed-certificate', severity: 'error', owner: 'registry', message, fix }]
  })
}
