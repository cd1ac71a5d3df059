import { posix } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { TrustError, errorCode, errorText } from '../errors.ts'
import type { Lock, Machine } from '../machine/machine.ts'
import { shellWord } from '../machine/shell.ts'
import { sha256 } from './digest.ts'
import { failed } from './failure.ts'
import type { Records } from './model.ts'
import { DEFAULT_STATE_DIR, KEPT, makeWhole, refuseShared } from './state-directory.ts'
import { isTemporary, place } from './place.ts'
import { isJournal, isRecords } from './shape.ts'
import type { Step } from './step.ts'

export { DEFAULT_STATE_DIR, KEPT }

/** A change under way: written before the first byte changes, gone when it is done or taken back. */
export interface Journal {
  readonly version: 1
  readonly id: string
  readonly command: string
  readonly startedAt: string
  readonly steps: readonly Step[]
}

const EMPTY: Records = { version: 1, files: [], directories: [], registries: [] }
const LIMIT = 16 * 1024 * 1024

/** The durable memory of a machine: `records.json`, `journal.json` while a change is under way, and the lock. */
export class State {
  readonly directory: string
  #held = false
  readonly #machine: Machine

  constructor(machine: Machine, directory: string = DEFAULT_STATE_DIR) {
    this.#machine = machine
    this.directory = directory
  }

  async records(): Promise<Records> {
    const found = await this.#readJson('records.json')
    if (found === undefined) return EMPTY
    if (!isRecords(found))
      throw this.#damaged('records.json', 'it is not of the form that this version writes')
    return found
  }

  /** For what only looks; a change asks again. @throws TrustError `policy` */
  async refuseShared(): Promise<void> {
    await refuseShared(this.#machine, this.directory).catch((error: unknown) => {
      throw error instanceof TrustError ? error : this.#unusable(error)
    })
  }

  /** Whether there is a directory to remember in: where nothing was ever done there is none. */
  async isThere(): Promise<boolean> {
    return (await this.#machine.stat(this.directory).catch(() => 'unseen')) !== undefined
  }

  /** Whether a journal is there: of a run under way, or of one that died. */
  async isUnfinished(): Promise<boolean> {
    const found = await this.#machine.stat(this.#path('journal.json')).catch((error: unknown) => {
      throw this.#unusable(error)
    })
    return found !== undefined
  }

  /** Whether a run that died before its journal was in place has left a part of it; it has changed nothing else. */
  async isLittered(): Promise<boolean> {
    return (await this.#machine.list(this.directory).catch(() => undefined))?.some(isTemporary) ?? false
  }

  async journal(): Promise<Journal | undefined> {
    const found = await this.#readJson('journal.json')
    if (found === undefined) return undefined
    if (!isJournal(found))
      throw this.#damaged('journal.json', 'it is not of the form that this version writes')
    return found
  }

  async writeRecords(records: Records, id: string): Promise<void> {
    await this.#replace('records.json', records, 0o644, id)
  }

  async writeJournal(journal: Journal): Promise<void> {
    await this.#replace('journal.json', journal, 0o600, journal.id)
  }

  async removeJournal(): Promise<void> {
    await this.#machine.remove(this.#path('journal.json'))
  }

  /** Keeps the bytes of a file that is to be replaced, for the day of its undo; root's alone, as they may be secret. */
  async keep(bytes: Buffer, id: string): Promise<void> {
    await place(this.#machine, this.#path(`${KEPT}${sha256(bytes)}`), bytes, 0o600, id)
  }

  /** @throws TrustError `state-damaged` where they are no longer what was kept */
  async kept(digest: string): Promise<Buffer> {
    const name = `${KEPT}${digest}`
    const bytes = await this.#machine.read(this.#path(name)).catch((error: unknown) => {
      throw this.#unusable(error)
    })
    if (bytes === undefined || sha256(bytes) !== digest)
      throw this.#damaged(name, bytes ? 'it does not hold what was kept in it' : 'it is gone')
    return bytes
  }

  /** Removes from our own directory what a killed run left there half-made, and what nothing on record needs. */
  async sweep(): Promise<void> {
    const { files, left = [] } = await this.records()
    const needed = new Set(
      [...files.map((file) => file.before ?? ''), ...left].map((sha256) => KEPT + sha256),
    )
    for (const name of (await this.#machine.list(this.directory).catch(() => undefined)) ?? []) {
      if (isTemporary(name) || (name.startsWith(KEPT) && !needed.has(name)))
        await this.#machine.remove(this.#path(name)).catch(() => undefined)
    }
  }

  /** Whether this run is the one that may change the machine now. */
  get held(): boolean {
    return this.#held
  }

  /** Runs `work` alone on this machine; waits for others up to `timeoutMs`. */
  async locked<T>(timeoutMs: number, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const until = Date.now() + timeoutMs
    for (;;) {
      const lock = await this.#tryLock()
      if (lock) {
        this.#held = true
        try {
          return await work()
        } finally {
          this.#held = false
          await lock.release()
        }
      }
      if (signal.aborted) throw new TrustError('interrupted', 'interrupted while waiting for another run')
      if (Date.now() >= until) break
      await sleep(50)
    }
    throw new TrustError('locked', 'another run of trust-registry is changing this machine', {
      fix: `lslocks --output PID,COMMAND,PATH | grep -F ${shellWord(this.#path('lock'))}      # who it is; --timeout gives it more time`,
    })
  }

  async #tryLock(): Promise<Lock | undefined> {
    try {
      await makeWhole(this.#machine, this.directory)
      await refuseShared(this.#machine, this.directory)
      return await this.#machine.lock(this.#path('lock'))
    } catch (error) {
      throw error instanceof TrustError ? error : this.#unusable(error)
    }
  }

  #path(name: string): string {
    return posix.join(this.directory, name)
  }

  async #readJson(name: string): Promise<unknown> {
    const bytes = await this.#machine.read(this.#path(name), LIMIT).catch((error: unknown) => {
      throw this.#unusable(error)
    })
    if (bytes === undefined) return undefined
    try {
      return JSON.parse(bytes.toString('utf8')) as unknown
    } catch (error) {
      throw this.#damaged(name, errorText(error))
    }
  }

  async #replace(name: string, value: unknown, mode: number, id: string): Promise<void> {
    await place(this.#machine, this.#path(name), Buffer.from(`${JSON.stringify(value, null, 2)}\n`), mode, id)
  }

  #unusable(error: unknown): TrustError {
    const code = errorCode(error) ?? ''
    if ((code === 'EACCES' || code === 'EPERM') && !this.#machine.who().privileged) {
      return new TrustError('needs-privilege', `${this.directory} needs root; nothing was changed`, {
        cause: error,
      })
    }
    return failed(`${this.directory} cannot be used; nothing was changed`, error, this.directory)
  }

  #damaged(name: string, why: string): TrustError {
    const path = this.#path(name)
    return new TrustError('state-damaged', `${path} cannot be read: ${why}`, {
      fix: `cat ${shellWord(path)}      # what it lists is what was changed
mv ${shellWord(path)} ${shellWord(`${path}.damaged`)}      # to start afresh`,
    })
  }
}
