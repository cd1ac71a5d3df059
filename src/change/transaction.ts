import { randomUUID } from 'node:crypto'
import { TrustError, errorCode, errorText } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'
import { sha256 } from './digest.ts'
import { failed, reasonOf } from './failure.ts'
import type { Records } from './model.ts'
import type { State } from './state.ts'
import { doStep, targetOf, undoStep, type Step } from './step.ts'

export interface PlannedChange {
  readonly command: string
  readonly steps: readonly Step[]
  /** What is remembered once the change is done. */
  readonly records: Records
}

/**
 * Makes a change that is either wholly there or not at all:
 *   1. the journal, fsynced, says what will be done and how to take it back;
 *   2. the steps, one by one;
 *   3. `prove` looks at the result with the eyes of those who shall use it;
 *   4. the rename of the new records is the moment at which it holds.
 * Whatever fails before 4 is rolled back. The caller holds the lock.
 * @throws TrustError `change-failed`, `rollback-incomplete`, or what `prove` threw
 */
export async function perform<T>(
  machine: Machine,
  state: State,
  change: PlannedChange,
  signal: AbortSignal,
  prove: () => Promise<T>,
): Promise<T> {
  const id = randomUUID()
  const journal = {
    version: 1,
    id,
    command: change.command,
    startedAt: machine.now().toISOString(),
    steps: change.steps,
  } as const
  try {
    await state.writeJournal(journal)
  } catch (error) {
    // Where only the fsync behind the rename failed, it is there.
    await state.removeJournal().catch(() => undefined)
    throw failed('nothing was changed: the journal cannot be written', error, state.directory)
  }
  const reached: Step[] = []
  try {
    for (const bytes of displaced(change)) {
      await state.keep(bytes, id).catch((error: unknown) => {
        throw failed(
          'what is to be replaced cannot be kept; everything was rolled back',
          error,
          state.directory,
        )
      })
    }
    for (const step of change.steps) {
      stopIfAborted(signal)
      reached.push(step)
      await doStep(machine, step, id).catch((error: unknown) => {
        // What was in the way is somebody else's.
        if (errorCode(error) === 'EEXIST') reached.pop()
        throw failed(
          `${step.do.replace('-', ' ')} ${targetOf(step)} failed; everything was rolled back`,
          error,
          'path' in step ? step.path : undefined,
        )
      })
    }
    const result = await prove()
    stopIfAborted(signal)
    await state.writeRecords({ ...change.records, last: id }, id).catch(async (error: unknown) => {
      // Where only the fsync behind the rename failed, the change holds.
      if ((await state.records().catch(() => undefined))?.last === id) return
      throw failed('the records cannot be written; everything was rolled back', error, state.directory)
    })
    // From here on it holds, and a journal that stays is recognised by the next run.
    await settle(state).catch(() => undefined)
    return result
  } catch (error) {
    await rollBack(machine, state, reached, id, error)
    throw error
  }
}

/** Rolls an unfinished change of an earlier run back. @returns whether there was one */
export async function recover(machine: Machine, state: State): Promise<boolean> {
  const journal = await state.journal()
  if (journal) {
    const { last } = await state.records()
    if (last !== journal.id) await rollBack(machine, state, journal.steps, journal.id)
    else {
      await settle(state).catch((error: unknown) => {
        throw failed('the journal of an earlier run cannot be removed', error, state.directory)
      })
    }
  } else await state.sweep()
  return journal !== undefined
}

/** Nothing is left to be done but to tidy up; the journal goes last, so that a run that dies here is noticed. */
async function settle(state: State): Promise<void> {
  await state.sweep()
  await state.removeJournal()
}

/** What the records refer to, of the bytes that will be replaced. */
function displaced(change: PlannedChange): readonly Buffer[] {
  const named = new Set(change.records.files.map((file) => file.before))
  return change.steps
    .flatMap((step) => (step.do === 'replace' ? [Buffer.from(step.before, 'base64')] : []))
    .filter((bytes) => named.has(sha256(bytes)))
}

async function rollBack(
  machine: Machine,
  state: State,
  steps: readonly Step[],
  id: string,
  because?: unknown,
): Promise<void> {
  const left: string[] = []
  for (const step of [...steps].reverse()) {
    await undoStep(machine, step, id).catch((error: unknown) => {
      // Where there is no real folder there is nothing of ours to take back.
      if (!NOTHING_THERE.has(errorCode(error) ?? '')) left.push(`${targetOf(step)} (${reasonOf(error)})`)
    })
  }
  if (left.length > 0) {
    throw new TrustError('rollback-incomplete', `could not be rolled back: ${left.join(', ')}`, {
      ...(because === undefined
        ? {}
        : { seen: `rolled back because: ${errorText(because)}`, cause: because }),
      fix: 'mend the cause and run the same command again: the journal is kept and is finished first',
    })
  }
  // A journal that stays asks for nothing that is not done: rolling back may be repeated.
  await settle(state).catch(() => undefined)
}

const NOTHING_THERE = new Set(['ENOENT', 'ENOTDIR', 'ELOOP'])

function stopIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new TrustError('interrupted', 'interrupted; everything was rolled back')
}
