import { posix } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { TrustError, errorCode, errorText } from '../errors.ts'
import type { Lock, Machine } from '../machine/machine.ts'
import { shellWord } from '../machine/shell.ts'
import { census, compare, isWhole, type Census } from './census.ts'
import { foreignRun } from './foreign-runs.ts'
import { lackOfRoom } from './room.ts'
import type { Store } from './store.ts'

/** The tool takes 0.2 to 2 seconds; Java's hook may take ten more. */
const TOOL_MS = 120_000
const WAIT_MS = 60_000
/** That many where nobody else is about. */
const ROUNDS = 5
/** Somebody else's runs may come in between again and again. */
const PATIENCE_MS = 60_000
const PAUSE_MS = 250
const MAX_PAUSE_MS = 2000
/** Ours alone: root's folder, empty after a boot. */
const LOCK = '/run/trust-registry-store.lock'

/** What the bundle has to hold, and what not, once the tool has run. By SHA-256 of the DER. */
export interface Expectation {
  readonly there: readonly string[]
  readonly gone: readonly string[]
  /** Whether a hook of the tool may fail: on the way back the files count. */
  readonly lenient: boolean
}

/**
 * Has the bundle made anew, and looks at it: the tool's own word means nothing, and its runs, other people's as well,
 * write over each other (facts: Debian's has no lock and appends to one name).
 * @throws TrustError `change-failed`, `not-possible`
 */
export async function refreshStore(machine: Machine, store: Store, wanted: Expectation): Promise<void> {
  const tool = await toolOf(machine, store)
  const lock = await lockStore(machine)
  try {
    const before = await bundleOf(machine, store)
    const noRoom = await lackOfRoom(machine, store)
    if (noRoom) {
      // The way back, after a run that found none either: nothing was done to the bundle.
      if (wanted.lenient && (await problemOf(machine, store, before, wanted)) === undefined) return
      throw noRoom
    }
    const until = Date.now() + PATIENCE_MS
    for (let round = 1; ; round++) {
      const ahead = await idle(machine, store)
      const hook = await runTool(machine, store, tool, wanted)
      // One that began meanwhile has read what we have written, or writes over it: then once more.
      const behind = await idle(machine, store)
      const problem = await problemOf(machine, store, before, wanted)
      if (problem === undefined && (hook === undefined || wanted.lenient)) return
      if (problem === undefined && hook !== undefined) throw hook
      const disturbed = ahead || behind
      if (Date.now() > until || (round >= ROUNDS && !disturbed)) throw wrong(store, round, problem ?? '')
      // Where theirs come one after the other, the next of them is the one that runs alone.
      await sleep(Math.random() * Math.min(round * PAUSE_MS, MAX_PAUSE_MS))
      await idle(machine, store)
      if (disturbed && (await problemOf(machine, store, before, wanted)) === undefined) return
    }
  } finally {
    await lock.release()
  }
}

/** The full path of the store's tool. @throws TrustError `not-possible` */
export async function toolOf(machine: Machine, store: Store): Promise<string> {
  const tool = await machine.which(store.tool)
  if (tool !== undefined) return tool
  const where = machine.atRest === true ? 'in this image' : 'on this machine'
  throw new TrustError('not-possible', `${store.tool} is not ${where}; nothing was changed`, {
    finding: 'store-tool-missing',
    fix: store.toolPackage,
  })
}

export async function bundleOf(machine: Machine, store: Store): Promise<Census> {
  return census((await machine.read(store.bundle)) ?? Buffer.alloc(0))
}

async function lockStore(machine: Machine): Promise<Lock> {
  const until = Date.now() + WAIT_MS
  for (;;) {
    const lock = await machine.lock(LOCK).catch((error: unknown) => {
      throw new TrustError('change-failed', `${LOCK} cannot be locked: ${errorText(error)}`, { cause: error })
    })
    if (lock) return lock
    if (Date.now() > until) throw busy('another run of trust-registry', `fuser ${LOCK}`)
    await sleep(50)
  }
}

/** Waits until nobody else runs the tool. @returns whether somebody did */
async function idle(machine: Machine, store: Store): Promise<boolean> {
  const until = Date.now() + WAIT_MS
  for (let waited = false; ; waited = true) {
    const pid = await foreignRun(machine, store.tool)
    if (pid === undefined) return waited
    if (Date.now() > until) throw busy(`${store.tool} (process ${pid})`, `ps -fp ${pid}`)
    await sleep(20)
  }
}

function busy(who: string, look: string): TrustError {
  return new TrustError('change-failed', `${who} has been at the OS store for a minute`, {
    fix: `${look}      # see who it is, and run it again when it is done`,
  })
}

/** @returns the complaint about a hook that failed, while the tool itself went on */
async function runTool(
  machine: Machine,
  store: Store,
  tool: string,
  wanted: Expectation,
): Promise<TrustError | undefined> {
  for (const path of store.leftovers) {
    await machine.remove(path).catch((error: unknown) => {
      if (errorCode(error) !== 'ENOENT') throw failedTool(store, errorText(error), errorCode(error))
    })
  }
  const fresh = wanted.gone.length > 0
  const ran = await machine.run([tool, ...store.args(fresh)], { timeoutMs: TOOL_MS })
  const said = `${ran.stderr}\n${ran.stdout}`
  if (ran.timedOut || ran.spawnError !== undefined)
    throw failedTool(store, ran.spawnError ?? `no end after ${TOOL_MS / 1000} s`)
  const hook = /^E: (.*) exited with code (\d+)/m.exec(said)
  if (hook) {
    const [line, name = ''] = hook
    const fix = `${shellWord(name)}      # mend what it complains about, or take it out of the way; then run it again`
    const message = `a hook of ${store.tool} failed; everything was rolled back`
    return new TrustError('change-failed', message, { finding: 'store-hook-failed', seen: line, fix })
  }
  if (ran.exitCode === 0) return undefined
  const complaint = ran.stderr.trim().split('\n').slice(-3).join('\n')
  const error = failedTool(store, complaint || `exit code ${ran.exitCode ?? 'none'}`)
  if (wanted.lenient) return error
  throw error
}

function failedTool(store: Store, why: string, code = ''): TrustError {
  const finding = why.includes('No space left') || code === 'ENOSPC' ? 'disk-full' : undefined
  const readOnly = why.includes('Read-only file system') || code === 'EROFS' ? 'read-only-system' : undefined
  const named = finding ?? readOnly
  return new TrustError('change-failed', `${store.tool} failed; everything was rolled back`, {
    ...(named === undefined ? {} : { finding: named }),
    seen: why.slice(0, 2000),
    fix: `${store.tool}      # to see it fail by itself`,
  })
}

/** What is wrong with the bundle; undefined where it is whole. */
async function problemOf(
  machine: Machine,
  store: Store,
  before: Census,
  wanted: Expectation,
): Promise<string | undefined> {
  const after = await bundleOf(machine, store)
  const lacking = wanted.there.filter((sha256) => !after.has(sha256))
  if (lacking.length > 0) return `it lacks ${lacking.join(', ')}`
  const sources = await store.expected(machine)
  if (sources !== undefined) {
    const difference = compare(after, census(sources))
    if (isWhole(difference)) return undefined
    const { missing, orphans, repeated } = difference
    return `${missing.length} missing, ${orphans.length} from nowhere, ${repeated.length} repeated`
  }
  const lost = [...before.keys()].filter((sha256) => !after.has(sha256) && !wanted.gone.includes(sha256))
  if (lost.length > 0) return `it lost ${lost.join(', ')}`
  const kept = wanted.gone.filter((sha256) => after.has(sha256))
  return kept.length > 0 ? `it still holds ${kept.join(', ')}` : undefined
}

function wrong(store: Store, rounds: number, problem: string): TrustError {
  return new TrustError(
    'change-failed',
    `${store.bundle} is not what its sources make it, even after ${rounds} runs of ${store.tool}; everything was rolled back`,
    {
      finding: 'bundle-damaged',
      seen: problem,
      fix: `ls -l ${posix.dirname(store.bundle)} ${store.anchors}`,
    },
  )
}
