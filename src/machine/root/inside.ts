import * as fs from 'node:fs'
import type { RunOptions, RunResult } from '../machine.ts'
import { run } from '../run.ts'
import { O_PATH } from './walk.ts'

const { O_DIRECTORY, O_NOFOLLOW } = fs.constants

/** chroot(1) and unshare(1) end so where the program did not start. */
const NOT_STARTED = new Set([1, 125, 126, 127])

/**
 * Runs a program of the image in a chroot: through a user namespace where we are not root.
 * @param root a descriptor
 */
export async function runInside(
  root: number,
  argv: readonly [string, ...string[]],
  options: RunOptions,
): Promise<RunResult> {
  if (options.as) throw new Error('in an image nothing is run as somebody else')
  const asRoot = process.geteuid?.() === 0 ? [] : ['unshare', '--user', '--map-root-user', '--']
  // By our descriptor, which the child still has when it goes there: no name can be swapped under it.
  const folder = `/proc/self/fd/${root}`
  const [first, ...rest] = [...asRoot, 'chroot', '.', ...argv]
  const dev = withoutNull(root)
  const result = await run([first ?? 'chroot', ...rest], options, folder).finally(() => {
    if (dev !== undefined) removeSink(dev)
  })
  const { exitCode, stderr } = result
  const why = /^(?:chroot|unshare): .*$/m.exec(stderr)?.[0]
  return exitCode !== undefined && NOT_STARTED.has(exitCode) && why !== undefined
    ? { ...result, exitCode: undefined, spawnError: why }
    : result
}

/** The image's /dev, held open, where it lacks `null`: a script that writes there leaves a file of that name. */
function withoutNull(root: number): number | undefined {
  try {
    const dev = fs.openSync(`/proc/self/fd/${root}/dev`, O_PATH | O_DIRECTORY | O_NOFOLLOW)
    if (fs.lstatSync(`/proc/self/fd/${dev}/null`, { throwIfNoEntry: false }) === undefined) return dev
    fs.closeSync(dev)
  } catch {
    // There is no such folder, or a link: nothing is left there that would be ours to remove.
  }
  return undefined
}

function removeSink(dev: number): void {
  const path = `/proc/self/fd/${dev}/null`
  if (fs.lstatSync(path, { throwIfNoEntry: false })?.isFile() === true) fs.unlinkSync(path)
  fs.closeSync(dev)
}
