import { TrustError, errorCode, errorText } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'
import { serviceControl } from '../machine/service.ts'
import { shellWord } from '../machine/shell.ts'
import { dockerApi, field } from './docker-api.ts'
import { flagConflicts } from './docker-flags.ts'
import { flavourOf, ownerOf } from './docker-home.ts'
import { commandLine, configFileOf, type DaemonProcess } from './docker-process.ts'
import { daemonBehind } from './docker-socket.ts'

const VALIDATE_MS = 10_000
const MAX_COMPLAINT = 500

/** What a restart of the daemon would take. */
export interface RestartCost {
  readonly was: DaemonProcess
  /** Names of the containers that would stop; absent where this user may not ask. */
  readonly stops?: readonly string[]
}

/**
 * Undefined where nothing here restarts it, or it does not run.
 * @param asked where the daemon answers whose trust is at stake: the system's own may be another one
 */
export async function restartCost(
  machine: Machine,
  asked: string,
  timeoutMs: number,
): Promise<RestartCost | undefined> {
  // A person's daemon is their own to restart.
  const was = ownerOf(asked) === undefined ? await daemonBehind(machine, asked) : undefined
  if (was === undefined || (await serviceControl(machine, 'docker')) === undefined) return undefined
  const socket = await machine.socket(asked)
  const get = async (path: string): Promise<unknown> =>
    (await dockerApi(socket, { method: 'GET', path, timeoutMs })).body
  const answers = await Promise.all([get('/info'), get('/containers/json')]).catch((error: unknown) => {
    if (errorCode(error) === 'EACCES') return undefined
    throw error
  })
  if (answers === undefined) return { was }
  const [info, running] = answers
  // What answers is no Docker of the service manager's.
  if (flavourOf(undefined, info) !== undefined) return undefined
  if (field(info, 'LiveRestoreEnabled') === true || !Array.isArray(running)) return { was, stops: [] }
  return { was, stops: running.map((container: unknown) => nameOf(container)) }
}

function nameOf(container: unknown): string {
  const names = field(container, 'Names')
  const first: unknown = Array.isArray(names) ? names[0] : undefined
  return typeof first === 'string' ? first.replace(/^\//, '') : 'a container without a name'
}

/**
 * Whether the daemon could start with the configuration that is on disk now, which may be younger than it is.
 * @throws TrustError `change-failed` where it could not: then it must not be stopped
 */
export async function refuseBrokenConfig(machine: Machine, was: DaemonProcess): Promise<void> {
  const file = await configFileOf(machine, was)
  const bytes = await machine.read(file)
  if (bytes === undefined) return
  let config: unknown
  try {
    config = JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    throw broken(file, errorText(error))
  }
  if (typeof config !== 'object' || config === null || Array.isArray(config))
    throw broken(file, 'it is no JSON object')
  const twice = flagConflicts(await commandLine(machine, was), config)
  if (twice.length > 0) throw broken(file, `given as a flag to dockerd and in the file: ${twice.join(', ')}`)
  const complaint = await complaintOf(machine, file)
  if (complaint !== undefined) throw broken(file, complaint)
}

/**
 * What no daemon starts with: the level is read last of all that configures it, and before it does anything (moby
 * cmd/dockerd loadDaemonCliConfig, configureDaemonLogs). Not every release minds another flag's value.
 */
const DOOMED = '--log-level=none-of-them'
/** How a daemon without `--validate` begins what it has against the file. */
const COMPLAINT = 'unable to configure the Docker daemon with file'
/** The file has a level of its own: its keys are known, and its values were not looked at. */
const OURS = 'both as a flag and in the configuration file: log-level:'

/**
 * What the daemon's own program says of the file. `--validate` came with 23.0; an older one is made to read the file
 * and then to stumble over a flag of ours. Whatever else it says (another one is running) is nothing against the file.
 */
async function complaintOf(machine: Machine, file: string): Promise<string | undefined> {
  const dockerd = await machine.which('dockerd')
  if (dockerd === undefined) return undefined
  const asked = async (flag: string): Promise<{ readonly ok: boolean; readonly said: string }> => {
    const argv = [dockerd, '--config-file', file, flag] as const
    const ran = await machine.run(argv, { timeoutMs: VALIDATE_MS })
    // Silence within the time is no complaint.
    return { ok: ran.exitCode === 0 || ran.timedOut, said: `${ran.stdout}${ran.stderr}`.trim() }
  }
  const { ok, said } = await asked('--validate')
  if (ok) return undefined
  if (!said.includes('unknown flag')) return said.slice(-MAX_COMPLAINT)
  const answer = await asked(DOOMED)
  if (!answer.said.includes(COMPLAINT) || answer.said.includes(OURS)) return undefined
  return answer.said.slice(-MAX_COMPLAINT)
}

function broken(file: string, why: string): TrustError {
  return new TrustError(
    'change-failed',
    `docker would not start again: ${file} is damaged; nothing was changed`,
    {
      finding: 'config-damaged',
      seen: why,
      fix: `\${EDITOR:-vi} ${shellWord(file)}      # mend what is named, and run this again`,
    },
  )
}
