import { fstatSync, statSync } from 'node:fs'

/** What `walk.ts` takes is Linux's own: O_PATH, and /proc/self/fd. */
export const writesImages = process.platform === 'linux'

/** What a folder is that is said to be the root of an image. */
export interface RootFacts {
  /** By another name it is this computer's own root. */
  readonly isOurs: boolean
  readonly uid: number
  /** Permission bits only, for instance 0o755. */
  readonly mode: number
}

/** @param root a descriptor: whatever gets the folder's name meanwhile is not looked at */
export function rootFacts(root: number): RootFacts {
  const { dev, ino, uid, mode } = fstatSync(root)
  const ours = statSync('/')
  return { isOurs: dev === ours.dev && ino === ours.ino, uid, mode: mode & 0o7777 }
}
