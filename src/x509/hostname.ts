import type { Certificate } from './certificate.ts'
import { goAtLeast, goHasFix, newestGo, type GoVersion } from './go-version.ts'
import { lowerAscii } from './go-text.ts'
import { ipEqual, ipText, parseIp } from './ip.ts'
import type { VerifyError, VerifyErrorKind } from './verify-error.ts'

/**
 * verify.go VerifyHostname (RFC 6125 6.4, RFC 5280 4.2.1.6): IP literals match IP names only,
 * the common name counts for nothing (before Go 1.15 it did, where there was no SAN).
 */
export function verifyHostname(
  leaf: Certificate,
  host: string,
  go: GoVersion = newestGo,
): VerifyError | undefined {
  const bare = /^\[.+\]$/s.test(host) ? host.slice(1, -1) : host
  const ip = readAddress(bare, go)
  if (ip !== undefined) {
    const listed = leaf.alternativeNames.some((name) => name.kind === 'ip' && ipEqual(name.ip, ip))
    return listed ? undefined : hostnameError(leaf, goAtLeast(go, 27) ? ipText(ip) : bare, go)
  }
  const candidate = lowerAscii(host)
  const wellFormed = validHostname(candidate, false, go)
  const matches = names(leaf, go).some((name) =>
    wellFormed && validHostname(name, true, go)
      ? matchHostnames(name, candidate)
      : matchExactly(name, candidate),
  )
  return matches ? undefined : hostnameError(leaf, host, go)
}

// Since 1.27 an address may carry a zone, and is printed in its canonical form.
function readAddress(text: string, go: GoVersion): Buffer | undefined {
  const zone = goAtLeast(go, 27) ? /^([^%]*:[^%]*)%.+$/s.exec(text) : null
  return parseIp(zone?.[1] ?? text)
}

function names(leaf: Certificate, go: GoVersion): readonly string[] {
  const common = leaf.subject.commonName ?? ''
  const legacy =
    !goAtLeast(go, 15) && leaf.rawAlternativeNames === undefined && validHostname(common, true, go)
  return legacy ? [common] : leaf.dnsNames
}

function validHostname(host: string, pattern: boolean, go: GoVersion): boolean {
  // A lone * once matched every name of one label.
  if (host === '*' && goAtLeast(go, 23)) return false
  const name = pattern ? host : host.replace(/\.$/, '')
  const labels = name.split('.')
  return labels.every(
    (label, index) => (pattern && index === 0 && label === '*') || /^[A-Za-z0-9_][A-Za-z0-9_-]*$/.test(label),
  )
}

function matchExactly(a: string, b: string): boolean {
  return a !== '' && a !== '.' && b !== '' && b !== '.' && lowerAscii(a) === lowerAscii(b)
}

function matchHostnames(pattern: string, host: string): boolean {
  const wanted = lowerAscii(pattern).split('.')
  const labels = lowerAscii(host).replace(/\.$/, '').split('.')
  if (pattern === '' || labels.join('.') === '' || wanted.length !== labels.length) return false
  return wanted.every((part, index) => (index === 0 && part === '*') || part === labels[index])
}

// verify.go HostnameError.Error.
function hostnameError(leaf: Certificate, host: string, go: GoVersion): VerifyError {
  const [kind, message] = explain(leaf, host, go)
  return { kind, message: `x509: ${message}`, certificate: leaf }
}

function explain(leaf: Certificate, host: string, go: GoVersion): readonly [VerifyErrorKind, string] {
  const common = leaf.subject.commonName ?? ''
  if (goAtLeast(go, 15) && leaf.rawAlternativeNames === undefined && matchHostnames(common, host)) {
    return ['no-san', legacyNameText(go)]
  }
  const isIp = parseIp(host) !== undefined
  if (isIp && leaf.ipAddresses.length === 0) {
    return [
      'ip-without-ip-san',
      `cannot validate certificate for ${host} because it doesn't contain any IP SANs`,
    ]
  }
  const listed = isIp ? leaf.ipAddresses : names(leaf, go)
  // CVE-2025-61729: long lists are counted, no longer printed.
  if (listed.length >= 100 && countsNames(go)) {
    const what = isIp ? 'IP SANs' : 'names'
    return ['name-mismatch', `certificate is valid for ${listed.length} ${what}, but none matched ${host}`]
  }
  const valid = listed.join(', ')
  if (valid === '') {
    const kind = leaf.rawAlternativeNames === undefined ? 'no-san' : 'name-mismatch'
    return [kind, `certificate is not valid for any names, but wanted to match ${host}`]
  }
  return ['name-mismatch', `certificate is valid for ${valid}, not ${host}`]
}

function countsNames(go: GoVersion): boolean {
  return goHasFix(go, '24.11', '25.5')
}

function legacyNameText(go: GoVersion): string {
  const escape = 'or temporarily enable Common Name matching with GODEBUG=x509ignoreCN=0'
  const advice = goAtLeast(go, 17) ? 'use SANs instead' : `use SANs ${escape}`
  return `certificate relies on legacy Common Name field, ${advice}`
}
