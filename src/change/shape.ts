import { isEffect, isReloadable, isStoreName } from './effect-shape.ts'
import type { Records } from './model.ts'
import type { Journal } from './state.ts'

type Fields = Readonly<Record<string, unknown>>

/** What root acts upon is looked at first: a file of another shape is never half understood. */
export function isRecords(value: unknown): value is Records {
  if (!isObject(value) || value['version'] !== 1) return false
  const { files, directories, registries, left } = value
  return (
    isListOf(files, isOwnedFile) &&
    isListOf(directories, isPath) &&
    isListOf(registries, isRegistryRecord) &&
    isListOf(left ?? [], (sha256) => typeof sha256 === 'string')
  )
}

export function isJournal(value: unknown): value is Journal {
  return (
    isObject(value) &&
    value['version'] === 1 &&
    /^[0-9A-Za-z-]+$/.test(textOf(value['id'])) &&
    isListOf(value['steps'], isStep)
  )
}

function isStep(value: unknown): boolean {
  if (!isObject(value)) return false
  if (['refresh', 'restart', 'reload'].includes(textOf(value['do'])))
    return isEffect(value) && isListOf(value['keep'] ?? [], isKeptFile)
  if (!isPath(value['path']) || !isMode(value['mode'])) return false
  switch (value['do']) {
    case 'write':
    case 'remove':
      return areTexts(value, 'bytes')
    case 'replace':
      return areTexts(value, 'bytes', 'before') && isOwner(value) && areAttributes(value['was'] ?? value)
    case 'make-directory':
    case 'remove-directory':
      return true
    default:
      return false
  }
}

function isKeptFile(value: unknown): boolean {
  return isObject(value) && isPath(value['path']) && isMode(value['mode']) && areTexts(value, 'bytes')
}

function isOwnedFile(value: unknown): boolean {
  return (
    isObject(value) &&
    isPath(value['path']) &&
    isMode(value['mode']) &&
    isId(value['uid'] ?? 0) &&
    areTexts(value, 'sha256', 'runtime', 'since') &&
    (value['store'] === undefined || isStoreName(value['store'])) &&
    (value['reload'] === undefined || isReloadable(value['reload'])) &&
    ['certificate', 'before'].every((name) => ['string', 'undefined'].includes(typeof value[name])) &&
    isListOf(value['registries'], (registry) => typeof registry === 'string')
  )
}

function isRegistryRecord(value: unknown): boolean {
  if (!isObject(value) || !areTexts(value, 'registry', 'anchor', 'since')) return false
  const superseded = value['superseded'] ?? []
  if (!isListOf(superseded, (sha256) => typeof sha256 === 'string')) return false
  return isObject(value['identity']) && areTexts(value['identity'], 'how', 'sha256', 'subject')
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isListOf(value: unknown, isOne: (entry: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every((entry) => isOne(entry))
}

function isPath(value: unknown): boolean {
  return textOf(value).startsWith('/') && !textOf(value).includes('\0')
}

function isMode(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0o7777
}

function areAttributes(value: unknown): boolean {
  return isObject(value) && isMode(value['mode']) && isOwner(value)
}

function isOwner(value: Fields): boolean {
  return isId(value['uid']) && isId(value['gid'])
}

/** A user or a group. */
function isId(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function areTexts(value: Fields, ...names: readonly string[]): boolean {
  return names.every((name) => typeof value[name] === 'string')
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
