import { posix } from 'node:path'
import type { Machine } from '../machine/machine.ts'
import type { ProxySettings } from '../registry/proxy-rules.ts'
import { valuesOf } from './docker-flags.ts'
import { DAEMON_JSON, ownerOf } from './docker-home.ts'
import { proxyOfEnvironment } from './docker-info.ts'
import type { EngineSurvey } from './engine.ts'

const PID_FILES = ['/var/run/docker.pid', '/run/docker-ssd.pid']

/** The daemon's process: the pair is never the same twice. */
export interface DaemonProcess {
  readonly pid: number
  /** When it began, in clock ticks since boot (proc(5) stat, field 22). */
  readonly ticks: number
}

/**
 * A file that outlived its daemon may bear the number of anybody by now: the process has to have the daemon's name.
 * @param files where its number may stand
 */
export async function daemonProcess(
  machine: Machine,
  files: readonly string[] = PID_FILES,
): Promise<DaemonProcess | undefined> {
  for (const path of files) {
    const pid = await pidIn(machine, path)
    const { name, fields } = await statOf(machine, pid)
    if (name !== 'dockerd') continue
    const ticks = Number(fields[19])
    if (fields[0] !== 'Z' && Number.isInteger(ticks)) return { pid, ticks }
  }
  return undefined
}

export async function commandLine(machine: Machine, { pid }: DaemonProcess): Promise<readonly string[]> {
  const line = await machine.read(`/proc/${pid}/cmdline`).catch(() => undefined)
  return line?.toString('utf8').split('\0') ?? []
}

/** Where the settings of a daemon of the system are: `--config-file`, which has to be there, or the usual place. */
export async function configFileOf(machine: Machine, daemon: DaemonProcess): Promise<string> {
  const named = valuesOf(await commandLine(machine, daemon), 'config-file').at(-1)
  return named === undefined ? DAEMON_JSON : posix.resolve('/', named)
}

export function sameProcess(a: DaemonProcess | undefined, b: DaemonProcess | undefined): boolean {
  return a !== undefined && a.pid === b?.pid && a.ticks === b.ticks
}

/** What the daemon's process shows; its environment only to root and to its own user. */
export interface ProcessFacts {
  readonly survey: Partial<Pick<EngineSurvey, 'startedMs' | 'environment' | 'environmentAssumed'>>
  readonly proxy: ProxySettings
  /** Its settings, as far as its command line tells. */
  readonly configFile?: string
  /** One of its variables; nothing where they cannot be seen. */
  readonly variable: (name: string) => string | undefined
}

/** Where a daemon that listens there writes its number. */
export function pidFiles(socket: string): readonly string[] {
  const beside = posix.join(posix.dirname(socket), 'docker.pid')
  return ownerOf(socket) === undefined ? PID_FILES : [beside]
}

const NOTHING: ProcessFacts = { survey: {}, proxy: {}, variable: () => undefined }

export async function processFacts(
  machine: Machine,
  process: DaemonProcess | undefined,
): Promise<ProcessFacts> {
  if (process === undefined) return NOTHING
  const startedMs = await startOf(machine, process)
  const started = startedMs === undefined ? {} : { startedMs }
  const bytes = await machine.read(`/proc/${process.pid}/environ`).catch(() => undefined)
  const configFile = await configFileOf(machine, process)
  if (bytes === undefined) return { ...NOTHING, survey: started, configFile }
  const pairs = bytes.toString('utf8').split('\0')
  const value = (name: string): string | undefined =>
    pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1)
  const file = value('SSL_CERT_FILE')
  const dir = value('SSL_CERT_DIR')
  const environment = { ...(file ? { SSL_CERT_FILE: file } : {}), ...(dir ? { SSL_CERT_DIR: dir } : {}) }
  return {
    survey: { ...started, environmentAssumed: false, environment },
    proxy: proxyOfEnvironment(value),
    configFile,
    variable: value,
  }
}

/** procfs dates a folder by the first look at it, which memory pressure repeats: field 22 of proc(5) stat is older. */
async function startOf(machine: Machine, { pid, ticks }: DaemonProcess): Promise<number | undefined> {
  const seen = (await machine.stat(`/proc/${pid}`).catch(() => undefined))?.changedMs
  const age = Number.parseFloat(await textOf(machine, '/proc/uptime')) * 1000 - ticks * 10
  if (seen === undefined || Number.isNaN(age)) return seen
  return Math.min(seen, machine.now().getTime() - age)
}

async function pidIn(machine: Machine, path: string): Promise<number> {
  return Number.parseInt(await textOf(machine, path), 10)
}

/** The name in brackets may hold anything; the state follows it, and 19 fields later the start. */
async function statOf(
  machine: Machine,
  pid: number,
): Promise<{ readonly name?: string; readonly fields: readonly string[] }> {
  const [, name, rest] = /^\d+ \((.*)\) (.*)$/s.exec(await textOf(machine, `/proc/${pid}/stat`)) ?? []
  return name === undefined || rest === undefined ? { fields: [] } : { name, fields: rest.split(' ') }
}

async function textOf(machine: Machine, path: string): Promise<string> {
  return (await machine.read(path).catch(() => undefined))?.toString('latin1') ?? ''
}
