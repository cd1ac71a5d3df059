import { posix } from 'node:path'
import { sha256 } from '../../change/digest.ts'
import type { WantedFile } from '../../change/index.ts'
import { errorCode, errorText, TrustError } from '../../errors.ts'
import { caName } from '../../judge/index.ts'
import type { Target } from '../../registry/reference.ts'
import type { Engine } from '../../runtimes/engine.ts'
import { shellWord } from '../../machine/shell.ts'
import { clientFault, readPair, type ClientPair } from '../../x509/index.ts'
import type { Options } from '../options.ts'
import { againLine } from './consent.ts'
import type { Context } from './context.ts'
import type { Case } from './observe.ts'
import type { TrustOrder } from './order.ts'

/**
 * Loaders of directories read `*.cert` with the `*.key` of the same stem, beside the `*.crt` of its registry; other
 * engines have the pair named in their settings.
 */
const [CERTIFICATE, KEY] = ['client.cert', 'client.key'] as const

export function clientPaths(directory: string): readonly [certificate: string, key: string] {
  return [posix.join(directory, CERTIFICATE), posix.join(directory, KEY)]
}

/**
 * The client certificate and its key in the directories that an engine reads for the registry; for their owner alone.
 * What stands there from an earlier run, byte for byte as it is on record, is renewed; anything else is somebody's.
 * @throws TrustError `policy`
 */
export async function clientFiles(
  { client, machine, state, options }: Context,
  engine: Engine,
  target: Target,
): Promise<readonly WantedFile[]> {
  if (client === undefined) return []
  const { invoker } = machine.who()
  // Podman's family could not read root's key: every request would end there.
  if (engine.asCaller === true && invoker.uid !== 0) {
    throw new TrustError(
      'policy',
      `${engine.name} runs as ${invoker.name}, who cannot read a key of root's; nothing was changed`,
      {
        fix: [
          againLine({ options: { ...options, runtimes: ['docker'] } }),
          `# and for ${engine.name}, as ${invoker.name}:`,
          ...ownPair(options.client, target.registry),
        ].join('\n'),
      },
    )
  }
  const directories = await engine.trustDirectories(machine, target)
  const { files } = await state.records()
  const file = async (path: string, pem: string): Promise<readonly WantedFile[]> => {
    const bytes = Buffer.from(pem)
    const owned = files.find((entry) => entry.path === path)
    let there: Buffer | undefined
    try {
      there = owned && (await machine.read(path))
    } catch (error) {
      // Who may not look into root's files has the record: these bytes are there already.
      if (errorCode(error) === 'EACCES' && owned?.sha256 === sha256(bytes)) return []
    }
    const wanted = {
      path,
      bytes,
      ...(there && sha256(there) === owned?.sha256 ? { from: there } : {}),
      mode: 0o600,
      reason: `the client ${path.endsWith(KEY) ? 'key' : 'certificate'}, for ${posix.basename(posix.dirname(path))} only`,
      runtime: engine.name,
    }
    return [wanted]
  }
  const pairs = directories
    .map(clientPaths)
    .map(([certificate, key]) => [file(certificate, client.certificatePem), file(key, client.keyPem)])
  return (await Promise.all(pairs.flat())).flat()
}

/** What a person types to have podman's family show the pair from their own directory, which is read before root's. */
export function ownPair(client: Options['client'], registry: string): readonly string[] {
  if (client === undefined) return []
  const directory = `~/.config/containers/certs.d/${shellWord(registry)}`
  const [certificate, key] = clientPaths(directory)
  if ('p12' in client) {
    const file = shellWord(client.p12)
    return [
      `mkdir -p ${directory}`,
      `openssl pkcs12 -in ${file} -clcerts -nokeys -out ${certificate}`,
      `openssl pkcs12 -in ${file} -nocerts -nodes -out ${key}`,
    ]
  }
  return [
    `install -D -m 600 ${shellWord(client.certificate)} ${certificate}`,
    `install -D -m 600 ${shellWord(client.key)} ${key}`,
  ]
}

/**
 * The pair of an order: read again, so that what belongs together and is of use today is what is placed.
 * @throws TrustError `policy`
 */
export function clientOf({ client }: TrustOrder): ClientPair | undefined {
  if (client === undefined) return undefined
  const refused = (why: string): TrustError =>
    new TrustError('policy', `the client certificate of the order cannot be used: ${why}`)
  const pair = ((): ClientPair => {
    try {
      return readPair(Buffer.from(client.certificate), Buffer.from(client.key))
    } catch (error) {
      throw refused(errorText(error))
    }
  })()
  const fault = clientFault(pair, new Date())
  if (fault !== undefined) throw refused(fault)
  return pair
}

/** Whether some engine that has to show the client certificate does not have it yet. */
export async function lacksClient(context: Context, { target, evidence }: Case): Promise<boolean> {
  if (context.client === undefined) return false
  const names = new Set(evidence.engines.flatMap(({ required, survey }) => (required ? [survey.name] : [])))
  const engines = context.engines.filter(({ name }) => names.has(name))
  const wanted = (await Promise.all(engines.map((engine) => clientFiles(context, engine, target)))).flat()
  const there = await Promise.all(wanted.map(({ path }) => context.machine.read(path).catch(() => undefined)))
  return wanted.some(({ bytes }, index) => there[index]?.equals(bytes) !== true)
}

/**
 * A client certificate that no CA of the server's list has issued is not even sent by Go (crypto/tls,
 * CertificateRequestInfo.SupportsCertificate): nothing has to be tried to know that.
 * @throws TrustError `change-failed`
 */
export function refuseUnlisted({ client }: Context, { target, evidence }: Case): void {
  const { clientCas = [] } = evidence.observation
  if (client === undefined || clientCas.length === 0) return
  if (client.chain.some(({ rawIssuer }) => clientCas.some((name) => name.equals(rawIssuer)))) return
  throw new TrustError(
    'change-failed',
    `engines would not show this client certificate: ${target.registry} takes those of other CAs only; nothing was changed`,
    {
      seen: `issued by ${client.leaf.issuer.text}\ntaken: ${clientCas.slice(0, 5).map(caName).join(', ')}`,
      fix: 'ask the owner of the registry for a client certificate of one of these CAs',
    },
  )
}

/** nginx tells whom it does not know by a status, behind a handshake that went well. */
export function wantsClient(message: string): boolean {
  return /\b400 \(?Bad Request|status(?: code)?:? 400\b|: certificate required|: bad certificate/.test(
    message,
  )
}
