import { setMaxListeners } from 'node:events'
import type { Approved } from '../../change/index.ts'
import { TrustError, errorText } from '../../errors.ts'
import { parseRegistry } from '../../registry/reference.ts'
import type { RegistryView } from '../../report/view.ts'
import { isObject } from '../../runtimes/credential-place.ts'
import { isSelfSigned, parseCertificate, type Certificate } from '../../x509/index.ts'
import { exitOf } from '../exit.ts'
import type { Io } from '../io.ts'
import { lineReader } from '../lines.ts'
import type { Services } from '../services.ts'
import { clientOf } from './client.ts'
import { createContext, type Context, type Stored } from './context.ts'
import { errorDocument, orRefusal, viewOf } from './document.ts'
import type { Message } from './hand-over.ts'
import { healFirst } from './heal.ts'
import { install, inVain } from './install.ts'
import type { Attempt } from './login.ts'
import { observe } from './observe.ts'
import { installBlind } from './offline.ts'
import { MAX_ORDER, parseOrder, type Order, type TrustOrder } from './order.ts'
import { optionsOf } from './order-options.ts'
import { silence } from './stage.ts'
import { recordOf } from './record.ts'
import { surveying } from './survey.ts'
import { undoOne } from './undo.ts'
import { exitOfCase, isBeyondUs } from './verdict.ts'

/** What the caller says follows at once: the password for sudo was typed before we began. */
/** The caller's credential helper may have to be unlocked, and is asked twice at the most. */
const HELPERS_MS = 90_000
const FIRST_LINE_MS = 10_000

/**
 * The privileged half: reads one order from stdin, carries it out, and says what came of it, a line of JSON each.
 * It shows nothing, asks nothing, and stops as soon as stdin ends, for then nobody waits any more.
 */
export async function serve(io: Io, version: string): Promise<number> {
  const say = (message: Message): void => void io.stdout.write(`${JSON.stringify(message)}\n`)
  const lines = lineReader(io.stdin, MAX_ORDER)
  try {
    if (process.geteuid?.() !== 0) throw new TrustError('policy', 'this half runs as root only')
    const order = parseOrder(await lines.next(FIRST_LINE_MS))
    const signal = AbortSignal.any([io.signal, lines.ended])
    setMaxListeners(0, signal)
    const services = { io: { ...io, stdin: io.stdin, stdout: io.stdout, stderr: io.stderr, signal }, version }
    const context = await contextOf(order, { ...services, progress: silence, prompts: nobody })
    if (order.do === 'heal') {
      await healFirst(context)
      say({ healed: true })
      return 0
    }
    const keepLogin = async (identityToken: string | undefined): Promise<Stored> => {
      say({ storeLogin: identityToken === undefined ? {} : { identityToken } })
      return storedIn(await lines.next(order.timeoutMs + HELPERS_MS))
    }
    const { document, restart, wider } = await orRefusal(context, order.registry, () =>
      order.do === 'undo'
        ? undoOne(context, order.registry)
        : trust({ ...context, keepLogin, strict: order.strict }, order),
    )
    const more = { ...(restart === undefined ? {} : { restart }), ...(wider === undefined ? {} : { wider }) }
    say({ result: document, ...more })
    return document.exitCode
  } catch (error) {
    say({ error: error instanceof TrustError ? { ...errorDocument(error), code: error.code } : bug(error) })
    return exitOf(error)
  } finally {
    lines.close()
  }
}

/**
 * What the caller says became of its login.
 * @throws TrustError `policy`
 */
export function storedIn(line: string): Stored {
  const said = parsed(line)
  const isText = (value: unknown): boolean => value === undefined || typeof value === 'string'
  const findings: readonly unknown[] = [undefined, 'credential-helper-failed', 'config-damaged']
  if (isObject(said) && findings.includes(said['finding'])) {
    const { where, plain, problem } = said
    if ([where, plain, problem].every(isText)) return said
  }
  throw new TrustError('policy', 'what the caller says of its login cannot be understood')
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function bug(error: unknown): { readonly code: 'bug'; readonly message: string } {
  return { code: 'bug', message: errorText(error) }
}

const unasked = (): Promise<never> => Promise.reject(new Error('the privileged half asks nothing'))
const nobody = { confirm: unasked, ask: unasked, password: unasked }

/** Consent was given to what was shown, and `agreed` holds us to it. */
async function contextOf(order: Order, services: Services): Promise<Context> {
  const options = optionsOf(order)
  // The variables of the caller steer nothing here: not the engine's address, not the login's place.
  const { SUDO_UID, SUDO_GID, SUDO_USER } = services.io.env
  const io = { ...services.io, env: { SUDO_UID, SUDO_GID, SUDO_USER } }
  const client = order.do === 'trust' ? clientOf(order) : undefined
  const context = await createContext(options, { ...services, io }, undefined, undefined, client)
  const known = new Set(context.engines.map((engine) => engine.name))
  const unknown = options.runtimes.find((name) => !known.has(name))
  if (unknown !== undefined) throw new TrustError('policy', `there is no engine of the name ${unknown}`)
  return { ...context, agreed: new Set(order.agreed) }
}

async function trust(site: Context, order: TrustOrder): Promise<RegistryView> {
  const approved = approvedBy(order)
  const holds = (): Promise<void> => holdAgainstRecord(site, order, approved)
  // Now, before anybody is asked; and under the lock, for another run may come first.
  await holds()
  // What was approved is what is known of the chain beyond what is sent: a root of a file is not.
  const given = [approved.anchor, ...approved.install]
  const context: Context = { ...site, holds, given }
  const target = parseRegistry(order.registry)
  const survey = surveying(context)
  if (order.offline) return installBlind(context, await survey(), target, approved)
  const seen = await observe(context, survey, target)
  // Root may ask the engines, which the caller may not: what they say counts before anything is written.
  if (isBeyondUs(context, seen)) return viewOf(context, seen, { exitCode: exitOfCase(seen), verified: false })
  const { recorded, login } = order
  const vain = inVain(context, seen, approved)
  // The caller has tried the password; what is left is the engine's own word.
  const attempt: Attempt =
    login === undefined ? { kind: 'none' } : { kind: 'proven', password: login.password }
  return vain ?? install(context, await survey(), seen, approved, recorded, attempt)
}

/** The bytes themselves; names and fingerprints are read out of them here. */
function approvedBy(order: TrustOrder): Approved {
  const anchor = certificate(order.anchor)
  const install = order.install.map(certificate)
  const identity = { how: order.how, sha256: anchor.sha256, subject: anchor.subject.text }
  return { identity, anchor, install, standing: order.standing }
}

/** A certificate that a CA has issued to a server is never an anchor, whoever asks. */
function certificate(base64: string): Certificate {
  const read = ((): Certificate => {
    try {
      return parseCertificate(Buffer.from(base64, 'base64'))
    } catch (error) {
      throw new TrustError('policy', `a certificate of the order cannot be read: ${errorText(error)}`)
    }
  })()
  if (read.isCA || isSelfSigned(read)) return read
  throw new TrustError('policy', 'a certificate of the order is neither a CA nor self-signed')
}

/** Only a pin or a file replaces what was accepted before, and only what the caller has seen. */
async function holdAgainstRecord(context: Context, order: TrustOrder, approved: Approved): Promise<void> {
  const now = (await recordOf(context.state, order.registry))?.identity.sha256
  if (now === undefined || now === approved.identity.sha256) return
  const explicit = order.how === 'pin' || (order.how === 'ca-file' && !order.offline)
  if (now === order.recorded && explicit) return
  throw new TrustError(
    'identity-mismatch',
    'another identity is on record, and nothing vouches for this one',
    {
      seen: `on record: SHA256 ${now}`,
    },
  )
}
