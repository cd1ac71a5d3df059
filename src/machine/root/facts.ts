import { statSync } from 'node:fs'

/** What `walk.ts` takes is Linux's own: O_PATH, and /proc/self/fd. */
export const writesImages = process.platform === 'linux'

/** What a folder is that is said to be the root of an image. */
export interface RootFacts {
  readonly isFolder: boolean
  /** By another name it is this computer's own root. */
  readonly isOurs: boolean
  readonly uid: number
  /** Permission bits only, for instance 0o755. */
  readonly mode: number
}

/** @throws ENOENT, EACCES */
export function rootFacts(folder: string): RootFacts {
  const { dev, ino, uid, mode } = statSync(folder)
  const ours = statSync('/')
  return {
    isFolder: (mode & 0o170000) === 0o040000,
    isOurs: dev === ours.dev && ino === ours.ino,
    uid,
    mode: mode & 0o7777,
  }
}
