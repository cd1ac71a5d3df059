import { errorCode } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'
import type { Attributes } from './attributes.ts'
import { doEffect, effectTarget, undoEffect, type Effect, type KeptFile } from './effect.ts'
import { orRemove, place, temporary } from './place.ts'

/**
 * What a change is made of. Each step says all that is needed to do it and to take it back, so that a run that
 * died can be rolled back from the journal alone. Bytes are base64: the journal is JSON.
 */
export type Step =
  | { readonly do: 'make-directory'; readonly path: string; readonly mode: number }
  | { readonly do: 'write'; readonly path: string; readonly mode: number; readonly bytes: string }
  | ReplaceStep
  | { readonly do: 'remove'; readonly path: string; readonly mode: number; readonly bytes: string }
  | { readonly do: 'remove-directory'; readonly path: string; readonly mode: number }
  | Effect

/** What a step acts upon: a path, or the name of a tool or an engine. */
export function targetOf(step: Step): string {
  return 'path' in step ? step.path : effectTarget(step)
}

/** Other bytes in a file that is there already, or the same ones with the mode and the owner that it had from us. */
export interface ReplaceStep {
  readonly do: 'replace'
  readonly path: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly bytes: string
  /** What stands there until then. */
  readonly before: string
  /** Its mode and owner until then, where they change as well. */
  readonly was?: Attributes
}

/** Does one step; `id` names the transaction and with it the temporary file. */
export async function doStep(machine: Machine, step: Step, id: string): Promise<void> {
  switch (step.do) {
    case 'make-directory':
      await machine.makeDirectory(step.path, step.mode)
      return
    case 'write':
      await add(machine, step, id)
      return
    case 'replace':
      if (!(await holds(machine, step.path, step.before))) throw changedMeanwhile(step.path)
      await place(machine, step.path, Buffer.from(step.bytes, 'base64'), step.mode, id, step)
      return
    case 'remove':
      // What a plan has not seen is not taken away, nor what came since.
      if ((await isThere(machine, step.path)) && !(await holds(machine, step.path, step.bytes)))
        throw changedMeanwhile(step.path)
      await machine.remove(step.path)
      return
    case 'remove-directory':
      // Somebody else may have put something in since it was looked at: then it stays, and is theirs.
      await tolerate(['ENOTEMPTY', 'EEXIST', 'ENOENT'], machine.removeDirectory(step.path))
      return
    case 'refresh':
      if (step.when === 'forward') await keep(machine, step.keep, id)
      await doEffect(machine, step)
      return
    case 'restart':
    case 'reload':
      await doEffect(machine, step)
      return
  }
}

/** Takes one step back, from whatever point it had reached; may be repeated. */
export async function undoStep(machine: Machine, step: Step, id: string): Promise<void> {
  switch (step.do) {
    case 'make-directory':
      if (!(await isThere(machine, step.path))) return
      await tolerate(['ENOTEMPTY', 'EEXIST', 'ENOENT'], machine.removeDirectory(step.path))
      return
    case 'write':
      await discard(machine, step, id)
      // Only our own bytes are taken away.
      if (await holds(machine, step.path, step.bytes)) await machine.remove(step.path)
      return
    case 'replace':
      await discard(machine, step, id)
      if (await holds(machine, step.path, step.bytes)) {
        const was = step.was ?? step
        await place(machine, step.path, Buffer.from(step.before, 'base64'), was.mode, id, was)
      }
      return
    case 'remove':
      await discard(machine, step, id)
      if (await isThere(machine, step.path)) return
      // What stands there by now, if anything does, is somebody else's.
      await tolerate(['EEXIST'], add(machine, step, id))
      return
    case 'remove-directory':
      if (await isThere(machine, step.path)) return
      await tolerate(['EEXIST'], machine.makeDirectory(step.path, step.mode))
      return
    case 'refresh':
      if (step.when === 'back') await keep(machine, step.keep, id)
      await undoEffect(machine, step)
      return
    case 'restart':
    case 'reload':
      await undoEffect(machine, step)
      return
  }
}

/** A file where none is: readers see all of it or none of it. */
async function add(
  machine: Machine,
  { path, bytes, mode }: { readonly path: string; readonly bytes: string; readonly mode: number },
  id: string,
): Promise<void> {
  const part = temporary(path, id)
  await orRemove(machine, part, async () => {
    await machine.create(part, Buffer.from(bytes, 'base64'), mode)
    await machine.publish(part, path)
  })
}

/** What is there already is left as it is. */
async function keep(machine: Machine, files: readonly KeptFile[] = [], id: string): Promise<void> {
  for (const file of files) {
    await discard(machine, file, id)
    if (!(await isThere(machine, file.path))) await tolerate(['EEXIST'], add(machine, file, id))
  }
}

/** Removes the half-made file of a step. */
async function discard(machine: Machine, { path }: { readonly path: string }, id: string): Promise<void> {
  const part = temporary(path, id)
  if (await isThere(machine, part)) await tolerate(['ENOENT'], machine.remove(part))
}

/** Looked at first: a file system that became read-only refuses even to remove what is not there. */
async function isThere(machine: Machine, path: string): Promise<boolean> {
  return (await machine.stat(path)) !== undefined
}

async function holds(machine: Machine, path: string, base64: string): Promise<boolean> {
  if ((await machine.stat(path))?.kind !== 'file') return false
  const found = await machine.read(path)
  return found?.equals(Buffer.from(base64, 'base64')) ?? false
}

function changedMeanwhile(path: string): Error {
  return Object.assign(new Error(`${path} is not what it was`), { code: 'ESTALE' })
}

async function tolerate(codes: readonly string[], work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!codes.includes(errorCode(error) ?? '')) throw error
  }
}
