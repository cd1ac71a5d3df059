import { DerReader, contextTag, tag } from './der.ts'
import { domainNameValid, reverseLabels } from './domain.ts'
import { goAtLeast, type GoVersion } from './go-version.ts'
import { quote } from './go-text.ts'
import { mappedIpv4 } from './ip.ts'
import { linearDomainCheck } from './name-constraints.ts'
import { need, refuse } from './parse-error.ts'
import { parseUri } from './uri.ts'

export type AlternativeName =
  | { readonly kind: 'dns' | 'email'; readonly text: string }
  | { readonly kind: 'uri'; readonly text: string; readonly host: string }
  | { readonly kind: 'ip'; readonly ip: Buffer }

/** parser.go parseSANExtension (RFC 5280 4.2.1.6), in the certificate's order; other forms are passed over. */
export function parseAlternativeNames(value: Buffer, go: GoVersion): readonly AlternativeName[] {
  const names = need(new DerReader(value).enter(tag.sequence), 'x509: invalid subject alternative names')
  const found: AlternativeName[] = []
  while (!names.empty) {
    const name = need(names.any(), 'x509: invalid subject alternative name')
    switch (name.tag) {
      case contextTag(1):
        found.push({ kind: 'email', text: ia5(name.content, 'rfc822Name') })
        break
      case contextTag(2):
        found.push({ kind: 'dns', text: ia5(name.content, 'dNSName') })
        break
      case contextTag(6):
        found.push(uriName(name.content, go))
        break
      case contextTag(7):
        found.push({ kind: 'ip', ip: address(name.content, go) })
    }
  }
  return found
}

function ia5(content: Buffer, form: string): string {
  if (content.some((octet) => octet > 0x7f)) refuse(`x509: SAN ${form} is malformed`)
  return content.toString('latin1')
}

function uriName(content: Buffer, go: GoVersion): AlternativeName {
  const text = ia5(content, 'uniformResourceIdentifier')
  const uri = parseUri(text, go)
  if (typeof uri === 'string') return refuse(`x509: cannot parse URI ${quote(text)}: ${uri}`)
  const valid = linearDomainCheck(go)
    ? domainNameValid(uri.host, false)
    : reverseLabels(uri.host, go) !== undefined
  if (!valid) refuse(`x509: cannot parse URI ${quote(text)}: invalid domain`)
  return { kind: 'uri', text, host: uri.host }
}

function address(content: Buffer, go: GoVersion): Buffer {
  if (content.length !== 4 && content.length !== 16) {
    refuse(`x509: cannot parse IP address of length ${content.length}`)
  }
  if (goAtLeast(go, 27) && mappedIpv4(content) !== undefined) {
    refuse('x509: SAN iPAddress contains IPv4-mapped IPv6 address')
  }
  return content
}
