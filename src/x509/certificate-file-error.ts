export type CertificateFileProblem =
  'private-key' | 'pkcs12' | 'empty' | 'unknown' | 'damaged' | 'refused' | 'password' | 'mismatch'

/** Why a file that was given as a CA cannot serve; the message completes "it cannot be used: ". */
export class CertificateFileError extends Error {
  readonly problem: CertificateFileProblem

  constructor(problem: CertificateFileProblem, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CertificateFileError'
    this.problem = problem
  }
}
