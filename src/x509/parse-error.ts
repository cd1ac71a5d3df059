/** A certificate that Go refuses to parse; `message` is Go's text. */
export class CertificateParseError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'CertificateParseError'
  }
}

export function refuse(message: string): never {
  throw new CertificateParseError(message)
}

/** The value, or Go's complaint where the reader found none. */
export function need<T>(value: T | undefined, complaint: string): T {
  return value ?? refuse(complaint)
}

/** For readers that answer with the complaint itself. */
export function accept<T extends object>(value: T | string): T {
  return typeof value === 'string' ? refuse(value) : value
}
