import { TrustError } from '../errors.ts'
import { CertificateFileError, clientFault, readPair, readPairFile, type ClientPair } from '../x509/index.ts'
import { adviceOn } from './file-advice.ts'
import { readNamedFile } from './files.ts'
import type { ClientFiles } from './options.ts'
import { passwordFrom } from './password.ts'
import type { Services } from './services.ts'

const MAX_FILE = 1024 * 1024

/**
 * The client certificate and its key, checked to belong together and to be of use to some server today. A password of
 * theirs comes from the file that TRUST_REGISTRY_CLIENT_PASSWORD_FILE names, or from a prompt; never from an argument.
 * @throws TrustError `bad-file`, `usage`
 */
export async function readClient(
  files: ClientFiles | undefined,
  services: Services,
  ask: boolean,
): Promise<ClientPair | undefined> {
  if (files === undefined) return undefined
  const what =
    'p12' in files ? `the --client-p12 file ${quoted(files.p12)}` : `the client's key ${quoted(files.key)}`
  const pair = await openPair(files, '').catch(async (error: unknown) => {
    if (!(error instanceof CertificateFileError)) throw error
    if (error.problem !== 'password') throw unusable(what, files, error)
    const password = await passwordOf(what, services, ask)
    return openPair(files, password).catch((again: unknown) => {
      throw again instanceof CertificateFileError ? unusable(what, files, again) : again
    })
  })
  const fault = clientFault(pair, new Date())
  if (fault === undefined) return pair
  const name = pair.leaf.subject.text
  throw new TrustError('bad-file', `no server would take the client certificate ${quoted(name)}: ${fault}`, {
    fix: `ask the owner of the registry for a client certificate that is meant for TLS clients and valid today`,
  })
}

async function openPair(files: ClientFiles, password: string): Promise<ClientPair> {
  if ('p12' in files)
    return readPairFile(await readNamedFile(files.p12, 'the --client-p12 file', MAX_FILE), password)
  const [certificate, key] = await Promise.all([
    readNamedFile(files.certificate, 'the --client-cert file', MAX_FILE),
    readNamedFile(files.key, 'the --client-key file', MAX_FILE),
  ])
  return readPair(certificate, key, password === '' ? undefined : password)
}

async function passwordOf(what: string, { io, prompts }: Services, ask: boolean): Promise<string> {
  const variable = 'TRUST_REGISTRY_CLIENT_PASSWORD_FILE'
  const given = await passwordFrom(io.env, variable)
  if (given !== undefined) return given
  if (ask) return prompts.password(`Password of ${what}:`)
  throw new TrustError('usage', `there is no terminal to ask for the password of ${what}`, {
    fix: `${variable}=FILE`,
  })
}

function unusable(what: string, files: ClientFiles, error: CertificateFileError): TrustError {
  const [path, holds] = 'p12' in files ? [files.p12, 'x509' as const] : [files.key, 'pkey' as const]
  const fix = adviceOn(error.problem, path, holds)
  return new TrustError('bad-file', `${what} cannot be used: ${error.message}`, { fix, cause: error })
}

function quoted(text: string): string {
  return JSON.stringify(text)
}
