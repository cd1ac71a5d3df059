import { TrustError } from '../errors.ts'

/** Hex with or without colons, in any case, behind `SHA256:` or all that openssl prints: 64 upper-case digits. */
export function parseFingerprint(text: string): string {
  const bare = text.trim().replace(/^sha-?256(?::| Fingerprint=)/i, '')
  const hex =
    bare.includes(':') && /^[0-9a-f]{2}(?::[0-9a-f]{2})*$/i.test(bare) ? bare.replaceAll(':', '') : bare
  if (/^[0-9a-f]{64}$/i.test(hex)) return hex.toUpperCase()
  const shown = JSON.stringify(text.length > 100 ? `${text.slice(0, 97)}...` : text)
  throw new TrustError('bad-fingerprint', `${shown} is no SHA-256 fingerprint: ${whyNot(hex)}`, {
    fix: 'openssl x509 -in ca.pem -noout -fingerprint -sha256',
  })
}

function whyNot(hex: string): string {
  if (/^[0-9a-f]{40}$/i.test(hex)) return 'its 40 hex digits are a SHA-1 fingerprint, which proves too little'
  if (/^[0-9a-f]*$/i.test(hex)) return `it has ${hex.length} hex digits instead of 64`
  if (/^[A-Za-z0-9+/]{43}=?$/.test(hex)) return 'that is base64; it is written in hex'
  return 'it is 64 hex digits, with or without colons'
}
