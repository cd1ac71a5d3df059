import { posix } from 'node:path'
import type { Machine } from './machine.ts'

/** The one folder that lives on its disk; a link to where that disk is mounted. */
export const DISK = '/var/lib/boot2docker'
/** The folder on it with the memory of such a machine. */
export const MEMORY = 'trust-registry'

/** A VM whose root is in RAM and made anew at every boot: boot2docker, and docker-machine with its image. */
export interface Boot2docker {
  /** DISK, its own links followed: nothing is written through a link. */
  readonly disk: string
  /** Whether a partition is mounted there; without one nothing outlives a boot. */
  readonly mounted: boolean
  /** Where on the disk /etc/docker leads to, which the image's own start script sees to (1.10 and later). */
  readonly docker?: string
  /** What the image runs of the owner's at boot: before the daemon, or where it does not know that one, behind it. */
  readonly script: 'bootsync.sh' | 'bootlocal.sh'
}

/** Where the image's own boot script was through its generations; each names what it runs of the owner's. */
const BOOT_SCRIPTS = ['/opt/bootscript.sh', '/opt/bootsync.sh', '/bootscript.sh']
const MAX_LINKS = 8
const LIMIT = 1024 * 1024

/** Undefined where the machine is none. Told by what is there, as images older than 1.3 have no os-release. */
export async function boot2dockerOf(machine: Machine): Promise<Boot2docker | undefined> {
  const { id } = await machine.os()
  const marks = id === 'boot2docker' ? [] : ['/etc/boot2docker', '/opt/bootscript.sh']
  if (id !== 'boot2docker' && !(await isOneThere(machine, marks))) return undefined
  const disk = await followed(machine, DISK)
  if (disk === undefined) return undefined
  const [docker, mounts, scripts] = await Promise.all([
    machine.stat('/etc/docker').then((info) => info?.linkTarget),
    textOf(machine, '/proc/mounts'),
    Promise.all(BOOT_SCRIPTS.map((path) => textOf(machine, path))),
  ])
  const points = mounts.split('\n').map((line) => line.split(' ')[1] ?? '')
  return {
    disk,
    mounted: points.some((point) => point.length > 1 && `${disk}/`.startsWith(`${point}/`)),
    ...(docker?.startsWith(`${DISK}/`) === true ? { docker } : {}),
    script: scripts.some((text) => text.includes('boot2docker/bootsync.sh')) ? 'bootsync.sh' : 'bootlocal.sh',
  }
}

async function isOneThere(machine: Machine, paths: readonly string[]): Promise<boolean> {
  const found = await Promise.all(paths.map((path) => machine.stat(path).catch(() => undefined)))
  return found.some((info) => info !== undefined)
}

/** The folder at the end of the links that its last part is; undefined where there is none. */
async function followed(machine: Machine, path: string): Promise<string | undefined> {
  let at = path
  for (let links = 0; links <= MAX_LINKS; links++) {
    const info = await machine.stat(at).catch(() => undefined)
    if (info?.kind === 'directory') return at
    if (info?.linkTarget === undefined) return undefined
    at = posix.resolve(posix.dirname(at), info.linkTarget)
  }
  return undefined
}

async function textOf(machine: Machine, path: string): Promise<string> {
  return (await machine.read(path, LIMIT).catch(() => undefined))?.toString('utf8') ?? ''
}
