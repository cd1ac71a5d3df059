import { setTimeout as sleep } from 'node:timers/promises'
import { TrustError } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'
import { damageText } from './config/edit.ts'
import { readSettings, unreadable } from './config/file.ts'
import { readJson, withoutEntries } from './config/json.ts'
import { dockerApi, field } from './docker-api.ts'
import { factsOf } from './docker-info.ts'
import { configFileOf, daemonProcess } from './docker-process.ts'
import { socketOf } from './docker-socket.ts'
import { editSettings, type SettingsChange } from './settings.ts'

const KEY = 'insecure-registries'
const POLL_MS = 50
/** On the way back a daemon that is slow, or that cannot be asked, is not waited for longer. */
const LENIENT_MS = 5000

/** daemon.json without the entries that mean this very registry; networks, which mean others as well, stay. */
export function strictDaemonJson(
  machine: Machine,
  path: string,
  registry: string,
): Promise<SettingsChange | undefined> {
  // The daemon takes the scheme off (moby registry/config.go loadInsecureRegistries).
  const means = (entry: string): boolean => entry.replace(/^https?:\/\//, '') === registry
  const reason = `without ${registry} among its ${KEY}: Docker checks the certificate`
  return editSettings(machine, path, { reason, reload: 'docker' }, async (text) => ({
    ...(await withoutEntries(text, [KEY], means)),
    strict: true,
  }))
}

/** What is wrong with a daemon.json, with its place; undefined where it is good or not there. */
export async function daemonJsonFault(machine: Machine, path: string): Promise<string | undefined> {
  const read = await insecureIn(machine, path)
  return typeof read === 'string' ? read : undefined
}

/** The entries of the file; undefined where it says nothing of them; a text where it cannot be understood. */
async function insecureIn(machine: Machine, path: string): Promise<readonly string[] | string | undefined> {
  let file: Awaited<ReturnType<typeof readSettings>>
  try {
    file = await readSettings(machine, path)
  } catch (error) {
    return unreadable(error)
  }
  if (file === undefined) return undefined
  if ('damage' in file) return damageText(file.damage)
  // The daemon takes a blank file for none (moby config.go getConflictFreeConfiguration).
  if (file.text.trim() === '') return undefined
  const read = await readJson(file.text)
  if ('damage' in read) return damageText(read.damage)
  if (typeof read.value !== 'object' || read.value === null || Array.isArray(read.value))
    return 'line 1, column 1: it is no JSON object'
  const list = field(read.value, KEY)
  return Array.isArray(list) ? list.filter((entry) => typeof entry === 'string') : undefined
}

/**
 * Has a running daemon read its settings again (SIGHUP: nothing stops), and looks whether its list of unchecked
 * registries is that of the file. A key that is not in the file keeps its old value there (moby daemon/reload.go).
 * @param lenient on the way back: it is told, and whatever it says then, the files are as they were
 * @throws TrustError `change-failed` unless lenient
 */
export async function reloadDocker(machine: Machine, deadlineMs: number, lenient = false): Promise<void> {
  const daemon = await daemonProcess(machine)
  // It will read them when it starts.
  if (daemon === undefined) return
  const file = await configFileOf(machine, daemon)
  const listed = await insecureIn(machine, file)
  const kill = await machine.which('kill')
  const socket = await socketOf(machine, daemon)
  const until = Date.now() + (lenient ? Math.min(deadlineMs, LENIENT_MS) : deadlineMs)
  if (kill !== undefined) await machine.run([kill, '-HUP', String(daemon.pid)], { timeoutMs: deadlineMs })
  for (;;) {
    const left = until - Date.now()
    if (left > 0 && (await follows(machine, socket, left, listed))) return
    if (left <= 0 && lenient) return
    if (left <= 0) throw notFollowed(file, kill, daemon.pid)
    await sleep(POLL_MS)
  }
}

async function follows(
  machine: Machine,
  socket: string,
  timeoutMs: number,
  listed: readonly string[] | string | undefined,
): Promise<boolean> {
  const request = { method: 'GET', path: '/info', timeoutMs } as const
  const asked = machine.socket(socket).then((path) => dockerApi(path, request))
  const info = await asked.catch(() => undefined)
  if (info?.status !== 200) return false
  if (!Array.isArray(listed)) return true
  const hosts = listed
    .map((entry: string) => entry.replace(/^https?:\/\//, ''))
    .filter((entry) => !/\/\d+$/.test(entry))
  const { insecureRegistries = [] } = factsOf({}, info.body)
  return same(hosts, insecureRegistries)
}

function same(a: readonly string[], b: readonly string[]): boolean {
  const [left, right] = [new Set(a), new Set(b)]
  return left.size === right.size && [...left].every((entry) => right.has(entry))
}

function notFollowed(file: string, kill: string | undefined, pid: number): TrustError {
  return new TrustError('change-failed', `docker does not go by ${file} as it is now`, {
    seen:
      kill === undefined
        ? 'there is no kill program to tell it with'
        : 'it was told, and /info says otherwise',
    fix: `kill -HUP ${pid}; tail /var/log/docker.log      # or: journalctl -u docker -n 20`,
  })
}
