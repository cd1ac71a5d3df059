import * as fs from 'node:fs'
import { refused } from '../files.ts'

const { O_DIRECTORY, O_NOFOLLOW } = fs.constants
/** open(2): a name for what is there, without opening it; Node has no word for it. */
export const O_PATH = 0o10000000
/** As many as the kernel follows (path_resolution(7)). */
const MAX_LINKS = 40

/** Empty in an image until it runs: what stands there meanwhile is the builder's, mounted for its own ends. */
const MOUNTED = new Set(['dev', 'proc', 'run', 'sys'])

/** Where a path leads to: the folder is held open, so that nothing that happens to names above it matters. */
interface Spot {
  readonly folder: number
  /** In that folder; no link, as it was looked at. `.` is the folder itself. */
  readonly name: string
}

/**
 * Calls `work` with where `path` leads to, as seen by a process whose root is `root` (a descriptor): links of the
 * image are its own, absolute or climbing, and none leads out. What openat2(2) does with RESOLVE_IN_ROOT, by hand.
 * @param last whether a link in the last place is followed, or is what was meant
 * @throws ENOENT, ENOTDIR, EACCES, ELOOP
 */
export async function at<T>(
  root: number,
  path: string,
  last: 'follow' | 'keep',
  work: (inside: string) => T | Promise<T>,
): Promise<T> {
  return within(root, path, last, async (spot) => work(insideOf(spot)))
}

/** The same for work that does not wait. */
export function atOnce<T>(root: number, path: string, work: (inside: string) => T): T {
  const held = [root]
  try {
    return work(insideOf(find(held, path, 'follow')))
  } finally {
    letGo(held)
  }
}

async function within<T>(
  root: number,
  path: string,
  last: 'follow' | 'keep',
  work: (spot: Spot) => Promise<T>,
): Promise<T> {
  const held = [root]
  try {
    return await work(find(held, path, last))
  } finally {
    letGo(held)
  }
}

function insideOf({ folder, name }: Spot): string {
  return `/proc/self/fd/${folder}/${name}`
}

/** @param held the root; what is opened on the way is added, from the top down */
function find(held: number[], path: string, last: 'follow' | 'keep'): Spot {
  if (path.includes('\0')) throw refused('ERR_INVALID_ARG_VALUE', 'NUL in a path')
  const todo = path.split('/')
  let links = 0
  for (;;) {
    const folder = held.at(-1) ?? -1
    const name = todo.shift()
    if (name === undefined) return { folder, name: '.' }
    if (name === '' || name === '.') continue
    if (name === '..') {
      if (held.length > 1) fs.closeSync(held.pop() ?? -1)
      continue
    }
    if (held.length === 1 && MOUNTED.has(name)) throw refused('ENOENT', `${path}: an image holds no /${name}`)
    const rest = todo.some((part) => part !== '')
    if (!rest && last === 'keep') return { folder, name }
    const inside = insideOf({ folder, name })
    const target = linkOf(inside)
    if (target !== undefined) {
      if (++links > MAX_LINKS) throw refused('ELOOP', `${path}: too many links`)
      if (target.startsWith('/')) letGo(held)
      todo.unshift(...target.split('/'))
      continue
    }
    if (!rest) return { folder, name }
    held.push(fs.openSync(inside, O_PATH | O_DIRECTORY | O_NOFOLLOW))
  }
}

/** Back to the root, which is the caller's. */
function letGo(held: number[]): void {
  for (const folder of held.splice(1)) fs.closeSync(folder)
}

/** The text of a link; undefined for all else that is there. */
function linkOf(inside: string): string | undefined {
  try {
    return fs.readlinkSync(inside)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EINVAL') return undefined
    throw error
  }
}
