import type { Approved, Plan } from '../../change/index.ts'
import { TrustError } from '../../errors.ts'
import { elevate, type Ending } from '../../machine/elevate.ts'
import { shellWord } from '../../machine/shell.ts'
import type { Target } from '../../registry/reference.ts'
import type { ErrorDocument, RegistryDocument } from '../../report/document.ts'
import type { RegistryView } from '../../report/view.ts'
import { applyWord } from '../words.ts'
import { againLine, agreedLines } from './consent.ts'
import { widerLine } from './escalate.ts'
import type { Context, Stored } from './context.ts'
import type { Required } from './files.ts'
import { reportAsTyped } from './order-options.ts'
import type { Order, TrustOrder } from './order.ts'
import { toldProxy } from './reach.ts'
import { thisComputer } from './place.ts'
import { isOwn, type Site } from './site.ts'

/** Lines of the privileged half; a request to store a login is answered with a line of its own. */
export type Message =
  | { readonly storeLogin: { readonly identityToken?: string } }
  | Done
  | { readonly healed: true }
  | { readonly error: ErrorDocument & { readonly code: TrustError['code'] | 'bug' } }

/** What became of a registry; `restart`, `wider`: what is left for a person to type. */
interface Done {
  readonly result: RegistryDocument
  readonly restart?: string
  readonly wider?: string
}

/** Whose hands write: our own, or root's, through sudo. */
export type Hands = 'own' | 'sudo'

/** The usual places: another one would be another engine than the one that root asks. */
const DEFAULT_SOCKETS = new Set([undefined, '/var/run/docker.sock', '/run/docker.sock'])

/**
 * @param what what is about to be done, for the refusal
 * @throws TrustError `needs-privilege`
 */
export async function handsFor(site: Site, what: string): Promise<Hands> {
  const { machine, options, services } = site
  const theirs = site.place !== undefined && isOwn(site.place) && options.scope === 'registry'
  if (machine.who().privileged || theirs) return 'own'
  const again = againLine(site)
  if (machine.kind === 'ssh') {
    const { name } = machine.who().invoker
    throw new TrustError(
      'needs-privilege',
      `${what} needs root there, and sudo -n does not let ${name}; nothing was changed`,
      {
        fix: `echo ${shellWord(`${name} ALL=(root) NOPASSWD: ALL`)} | sudo tee ${shellWord(`/etc/sudoers.d/${name}`)}      # or log in as root`,
      },
    )
  }
  // An image is changed from outside: sudo is the builder's.
  const asked = machine.atRest === true ? thisComputer(services) : machine
  const sudo = asked.platform !== 'win32' && (await asked.which('sudo')) !== undefined
  const own = options.stateDir !== undefined || !DEFAULT_SOCKETS.has(site.place?.socket)
  if (sudo && !own && machine.kind === 'local' && services.io.program !== undefined) return 'sudo'
  throw new TrustError('needs-privilege', `${what} needs root; nothing was changed`, {
    fix: sudo ? `sudo ${again}` : `su -c ${shellWord(again)}`,
  })
}

/** All stages of the privileged half together; each has its own limit there. */
const STAGES = 10
const MARGIN_MS = 60_000

/**
 * Has an order carried out by root, in a process of its own that sees nothing of ours but this order. What it
 * says about the registry comes back; or that it has healed.
 * @throws TrustError `needs-privilege`, `rollback-incomplete`, `interrupted`, or what the privileged half refused
 */
export async function handOver(
  site: Site,
  order: Order,
  store: (identityToken: string | undefined) => Promise<Stored> = () => Promise.resolve({}),
): Promise<Done | 'healed'> {
  const { options, services } = site
  const { program, signal } = services.io
  if (program === undefined) throw new Error('there is no program to run as root')
  // sudo may be about to ask.
  services.progress.done()
  let last: Message | undefined
  const ending = await elevate([...program, applyWord], {
    first: JSON.stringify(order),
    interactive: options.input,
    timeoutMs: STAGES * options.timeoutMs + MARGIN_MS,
    signal,
    hear: async (line) => {
      const message = messageIn(line)
      if (message === undefined) return undefined
      if ('storeLogin' in message) return JSON.stringify(await store(message.storeLogin.identityToken))
      last = message
      return undefined
    },
  })
  if (last === undefined) throw notHeard(site, ending)
  if ('result' in last) return last
  if (!('error' in last)) return 'healed'
  const { code, message, seen, fix } = last.error
  if (code === 'bug') throw new Error(message)
  throw new TrustError(code, message, {
    ...(seen === undefined ? {} : { seen }),
    ...(fix === undefined ? {} : { fix }),
  })
}

/** sudo may have something to say of its own, for instance that a password will expire. */
function messageIn(line: string): Message | undefined {
  try {
    const message: unknown = JSON.parse(line)
    return typeof message === 'object' && message !== null ? (message as Message) : undefined
  } catch {
    return undefined
  }
}

/** What is approved for a registry, as the privileged half may know it. */
export function trustOrder(
  context: Context,
  target: Target,
  engines: readonly Required[],
  approved: Approved,
  plan: Plan,
  recorded: string | undefined,
  password?: string,
): TrustOrder {
  const { options, client } = context
  const { username, loginRequired: required, timeoutMs, offline, aia, prune, scope, restart } = options
  const { keepAppended } = options
  const proxy = toldProxy(context, target)
  return {
    ...{ version: 1, do: 'trust', registry: target.registry, scope, restart, keepAppended, timeoutMs },
    ...{ offline, aia, prune, strict: context.strict ?? false },
    resolve: options.pins.map(({ host, port, address }) => `${host}:${port}:${address}`),
    ...(proxy === undefined ? {} : { proxy }),
    agreed: agreedLines(plan.items),
    runtimes: engines.filter((engine) => engine.required).map((engine) => engine.survey.name),
    how: approved.identity.how,
    anchor: approved.anchor.raw.toString('base64'),
    install: approved.install.map(({ raw }) => raw.toString('base64')),
    standing: approved.standing ?? [],
    ...(recorded === undefined ? {} : { recorded }),
    ...(client === undefined ? {} : { client: { certificate: client.certificatePem, key: client.keyPem } }),
    ...(password === undefined || username === undefined ? {} : { login: { username, password, required } }),
  }
}

export function writingTo(plan: Plan): string {
  return `writing to ${plan.items[0]?.target ?? 'the machine'}`
}

/** The report of a registry is root's: what it changed, and what the engine said to it. */
export async function byRoot(
  site: Site,
  order: Exclude<Order, { readonly do: 'heal' }>,
  view: RegistryView,
  store?: Parameters<typeof handOver>[2],
): Promise<RegistryView> {
  const done = await handOver(site, order, store)
  if (done === 'healed') throw new Error('the privileged half answered another question')
  const { probe } = view.document
  const document = reportAsTyped(site.options, order, done.result)
  // What was looked at and approved is what this half has seen.
  return {
    ...view,
    ...(done.restart === undefined ? {} : { restart: done.restart }),
    ...(done.wider === undefined ? {} : { wider: widerLine(site.options) }),
    document: { ...document, ...(probe ? { probe } : {}) },
  }
}

function notHeard(site: Site, { broken, stderr }: Ending): TrustError {
  if (broken === 'timeout' || broken === 'too-much') {
    return new TrustError('rollback-incomplete', 'the half that runs as root was not heard out', {
      seen: broken === 'timeout' ? 'no end in time' : 'more output than any report has',
      fix: 'trust-registry status      # what was done, or is still being taken back',
    })
  }
  if (site.services.io.signal.aborted) {
    return new TrustError('interrupted', 'interrupted before root was asked; nothing was changed')
  }
  const said = stderr.trim()
  return new TrustError('needs-privilege', 'sudo does not let this user do it; nothing was changed', {
    ...(said === '' ? {} : { seen: said }),
    fix: `sudo ${againLine(site)}`,
  })
}
