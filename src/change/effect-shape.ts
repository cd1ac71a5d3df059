import { reloadable, restartable } from '../runtimes/acts.ts'
import { storeNames } from '../stores/store.ts'

const MAX_DEADLINE_MS = 3_600_000

/** Whether what a journal holds is one of our effects, whole. */
export function isEffect(value: Readonly<Record<string, unknown>>): boolean {
  if (value['when'] !== 'forward' && value['when'] !== 'back') return false
  if (value['do'] === 'refresh') {
    return isStoreName(value['store']) && [value['there'], value['gone']].every(areFingerprints)
  }
  if (value['do'] === 'reload')
    return isReloadable(value['engine']) && isCount(value['deadlineMs'], MAX_DEADLINE_MS)
  const was: unknown = value['was']
  return (
    value['do'] === 'restart' &&
    isOneOf(restartable, value['engine']) &&
    isCount(value['deadlineMs'], MAX_DEADLINE_MS) &&
    typeof was === 'object' &&
    was !== null &&
    'pid' in was &&
    'ticks' in was &&
    [was.pid, was.ticks].every((number) => isCount(number, Number.MAX_SAFE_INTEGER))
  )
}

/** Whether it names a store of our table. */
export function isStoreName(value: unknown): boolean {
  return isOneOf(storeNames, value)
}

/** Whether it names an engine that can be told. */
export function isReloadable(value: unknown): boolean {
  return isOneOf(reloadable, value)
}

function isOneOf(names: readonly string[], value: unknown): boolean {
  return typeof value === 'string' && names.includes(value)
}

function areFingerprints(value: unknown): boolean {
  return (
    Array.isArray(value) && value.every((item) => typeof item === 'string' && /^[0-9A-F]{64}$/.test(item))
  )
}

function isCount(value: unknown, most: number): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= most
}
