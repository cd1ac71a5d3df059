import { shellWord } from '../machine/shell.ts'
import type { CertificateFileProblem } from '../x509/index.ts'

/** A line to paste about a file that cannot serve: it shows what is in there, or takes out of it what can serve. */
export function adviceOn(problem: CertificateFileProblem, path: string, holds: 'x509' | 'pkey'): string {
  const file = shellWord(path)
  if (problem === 'empty') return `ls -l ${file}`
  if (problem === 'pkcs12') return `openssl pkcs12 -in ${file} -nokeys -out ca.pem`
  if (problem === 'password') return `openssl pkcs12 -in ${file} -noout      # asks for its password`
  if (problem === 'private-key') return `grep -a BEGIN ${file}      # what it holds`
  if (problem === 'mismatch')
    return `openssl pkey -in ${file} -pubout      # the key of the certificate has to be this one`
  return `openssl ${holds} -in ${file} -noout -text      # what OpenSSL says of it`
}
