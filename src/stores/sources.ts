import { posix } from 'node:path'
import { errorCode } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'

const CONF = '/etc/ca-certificates.conf'
const PACKAGED = '/usr/share/ca-certificates'
export const LOCAL = '/usr/local/share/ca-certificates'
const MAX_FILES = 4096
const MAX_DEPTH = 8
const MAX_FILE = 4 * 1024 * 1024

/**
 * What update-ca-certificates would write now: the packaged certificates that the list names, then every local file
 * that is taken, each with a line feed at its end. Only what is in it counts, not the order.
 */
export async function concatenated(
  machine: Machine,
  takes: (name: string) => boolean,
  depth: number = MAX_DEPTH,
): Promise<Buffer> {
  const conf = (await machine.read(CONF))?.toString('utf8') ?? ''
  const packaged = conf.split('\n').filter((line) => line !== '' && !/^[#!]/.test(line))
  const local = await filesBelow(machine, LOCAL, takes, depth)
  const paths = [...packaged.map((name) => posix.join(PACKAGED, name)), ...local]
  const parts = await Promise.all(paths.map((path) => machine.read(path, MAX_FILE)))
  return Buffer.concat(parts.flatMap((part) => (part === undefined ? [] : [part, LINE_FEED])))
}

const LINE_FEED = Buffer.from('\n')

/** As `find -L FOLDER -type f`: links are followed. */
async function filesBelow(
  machine: Machine,
  folder: string,
  takes: (name: string) => boolean,
  depth: number,
): Promise<readonly string[]> {
  const found: string[] = []
  const names = await machine.list(folder).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOTDIR') throw error
    return undefined
  })
  for (const name of names ?? []) {
    const path = posix.join(folder, name)
    const below = depth > 1 ? await machine.list(path).catch(() => undefined) : undefined
    if (below) found.push(...(await filesBelow(machine, path, takes, depth - 1)))
    else if (takes(name) && (await isReadable(machine, path))) found.push(path)
  }
  return found.slice(0, MAX_FILES)
}

async function isReadable(machine: Machine, path: string): Promise<boolean> {
  return (await machine.read(path, MAX_FILE).catch(() => undefined)) !== undefined
}
