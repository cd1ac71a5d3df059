import type { Machine } from '../machine/machine.ts'
import { serviceControl } from '../machine/service.ts'
import { shellWord } from '../machine/shell.ts'
import { valuesOf } from './docker-flags.ts'
import { DAEMON_JSON } from './docker-home.ts'
import { commandLine } from './docker-process.ts'
import { strictDaemonJson } from './docker-settings.ts'
import { daemonBehind, isAnother } from './docker-socket.ts'
import type { EngineSurvey } from './engine.ts'

/** An unchecked registry or network that no run takes out: where it stands, and what a person does. */
export interface EntryByHand {
  /** HOST, HOST:PORT, or a network. */
  readonly entry: string
  readonly where: string
  readonly fix: string
}

type Found = Pick<EngineSurvey, 'entriesByHand' | 'settingsFile'>

const FLAG = 'insecure-registry'
/** Where distributions and people write flags of dockerd. */
const FLAG_FILES = ['/etc/default/docker', '/etc/sysconfig/docker', '/etc/conf.d/docker']
const LOOPBACK = new Set(['127.0.0.0/8', '::1/128'])
const MAX_FLAGS = 64 * 1024

/**
 * Of what a Docker of the system does not check: all that is not a registry's own entry in a file which we may edit.
 * @param socket where it answers
 * @param file its settings
 */
export async function entriesByHand(
  machine: Machine,
  { insecureRegistries = [], insecureNetworks = [] }: Partial<EngineSurvey>,
  socket: string,
  file: string,
): Promise<Found> {
  const networks = insecureNetworks.filter((network) => !LOOPBACK.has(network))
  const listed = [...insecureRegistries, ...networks]
  const named = file === DAEMON_JSON ? {} : { settingsFile: file }
  if (listed.length === 0) return named
  const daemon = await daemonBehind(machine, socket)
  if (daemon === undefined) return (await isAnother(machine, socket)) ? ofAnother(listed, socket) : named
  const flags = valuesOf(await commandLine(machine, daemon), FLAG).map(withoutScheme)
  const restart = (await serviceControl(machine, 'docker'))?.line
  const line = await flagLine(machine, restart)
  const ofFlags = flags.map((entry) => {
    const flag = `--${FLAG}=${entry}`
    return { entry, where: `the flag ${flag} of dockerd`, fix: line(flag) }
  })
  const ofFile = await Promise.all(
    listed
      .filter((entry) => !flags.includes(entry))
      .map(async (entry): Promise<readonly EntryByHand[]> => {
        const isNetwork = networks.includes(entry)
        const change = isNetwork ? undefined : await strictDaemonJson(machine, file, entry)
        if (change !== undefined && !('byHand' in change)) return []
        const why = change === undefined ? '' : ` (${change.byHand})`
        // What only root may read, root's half of the run looks at.
        if (why.includes('(EACCES)')) return []
        if (!isNetwork && change === undefined) {
          const fix = `${restart ?? 'stop dockerd and start it the way it was started'}      # ${file} does not name it any more`
          return [{ entry, where: 'what dockerd has read before', fix }]
        }
        const fix = `\${EDITOR:-vi} ${shellWord(file)} && kill -HUP ${daemon.pid}      # take ${JSON.stringify(entry)} out of "insecure-registries"${why}`
        return [{ entry, where: file, fix }]
      }),
  )
  return { ...named, entriesByHand: [...ofFlags, ...ofFile.flat()] }
}

/** The line that takes a flag out, where it is written. */
async function flagLine(machine: Machine, restart: string | undefined): Promise<(flag: string) => string> {
  const files = await Promise.all(
    FLAG_FILES.map(async (path) => {
      const bytes = await machine.read(path, MAX_FLAGS).catch(() => undefined)
      return bytes?.includes(`--${FLAG}`) === true ? [path] : []
    }),
  )
  const [path] = files.flat()
  if (restart === undefined) return (flag) => `stop dockerd and start it without ${flag}`
  const editor = path === undefined ? undefined : `\${EDITOR:-vi} ${path}`
  if (editor === undefined && !restart.startsWith('systemctl '))
    return (flag) => `${restart}      # once ${flag} is taken out of what starts dockerd`
  return (flag) => `${editor ?? 'systemctl edit --full docker'} && ${restart}      # take ${flag} out`
}

function ofAnother(listed: readonly string[], socket: string): Found {
  const where = `the settings of the dockerd behind ${socket}`
  const fix = 'take it out of its "insecure-registries" or its flags, and start that dockerd anew'
  return { entriesByHand: listed.map((entry) => ({ entry, where, fix })) }
}

/** The daemon takes it off, too (moby registry/config.go loadInsecureRegistries). */
function withoutScheme(entry: string): string {
  return entry.replace(/^https?:\/\//, '')
}
