import { posix } from 'node:path'
import type { Machine } from '../machine/machine.ts'
import { shellWord } from '../machine/shell.ts'
import { field, text } from './docker-api.ts'
import { desktopVm, dockerDesktop } from './virtual-machines.ts'

/** Dockers that keep their files elsewhere than dockerd as a distribution sets it up. */
export type Flavour = 'rootless' | 'snap' | 'desktop' | 'podman'

export const CERTS_D = '/etc/docker/certs.d'
export const DAEMON_JSON = '/etc/docker/daemon.json'
/** The snap's layout binds /etc/docker to $SNAP_DATA (docker-snap snapcraft.yaml). */
const SNAP_DATA = '/var/snap/docker/current'
const SNAP_CERTS_D = posix.join(SNAP_DATA, CERTS_D)
/** docker-snap bin/dockerd-wrapper, --config-file. */
const SNAP_DAEMON_JSON = posix.join(SNAP_DATA, 'config/daemon.json')
/** Where the daemon of a person listens: XDG_RUNTIME_DIR is /run/user and the number. */
const PERSONAL_SOCKET = /^(?:\/var)?\/run\/user\/(\d+)\/docker\.sock$/

export interface DockerHome {
  /** Directories of registries lie below it. */
  readonly certsD: string
  /** Its settings. */
  readonly daemonJson: string
  /** What starts and stops it, up to the verb; absent where that is the system's. */
  readonly managed?: { readonly manager: string }
  /** This run does not write there: who does, and how. */
  readonly byHand?: ByHand
}

export interface ByHand {
  readonly why: string
  /** @param registry as it was typed */
  readonly fix: (registry: string) => string
}

/** What answers, by its own words in `/version` and `/info`. */
export function flavourOf(version: unknown, info: unknown): Flavour | undefined {
  if (list(field(version, 'Components')).some((part) => field(part, 'Name') === 'Podman Engine'))
    return 'podman'
  if (desktopVm({ version, info }) === dockerDesktop) return 'desktop'
  if (list(field(info, 'SecurityOptions')).includes('name=rootless')) return 'rootless'
  return (text(field(info, 'DockerRootDir')) ?? '').startsWith('/var/snap/docker/') ? 'snap' : undefined
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** Of a daemon that does not answer: its socket tells a person's; the snap brings no dockerd into the folders of programs. */
export async function silentFlavour(machine: Machine, socket: string): Promise<Flavour | undefined> {
  if (ownerOf(socket) !== undefined) return 'rootless'
  if ((await machine.which('dockerd')) !== undefined) return undefined
  const there = await machine.stat(SNAP_DATA).catch(() => undefined)
  return there === undefined ? undefined : 'snap'
}

/** Podman brings a stand-in of that name, and a link in the place of the socket. */
const CLIENT = 'only the docker program, which asks one'

/**
 * Of a daemon without a socket: undefined where there is one that is down; why there is none, as far as that says more.
 * @param named somebody said where it listens: it is down, if anything of Docker is here
 */
export async function whatIsMissing(
  machine: Machine,
  flavour: Flavour | undefined,
  named: boolean,
): Promise<{ readonly problem?: string } | undefined> {
  if (flavour !== undefined || (await machine.which('dockerd')) !== undefined) return undefined
  if ((await machine.which('docker')) === undefined) return {}
  return named ? undefined : { problem: CLIENT }
}

/** The number of the person whose daemon listens there. */
export function ownerOf(socket: string): number | undefined {
  const number = PERSONAL_SOCKET.exec(socket)?.[1]
  return number === undefined ? undefined : Number(number)
}

/** The socket of the caller's own daemon (docker/docs, rootless mode). */
export function personalSocket(machine: Machine): string {
  return `/run/user/${machine.who().invoker.uid}/docker.sock`
}

/** What can be seen of the daemon's process: a variable of its environment, the file that a flag names for its settings. */
interface Seen {
  readonly variable: (name: string) => string | undefined
  readonly configFile?: string
}

export async function homeOf(
  machine: Machine,
  flavour: Flavour | undefined,
  socket: string,
  { variable, configFile = DAEMON_JSON }: Seen = { variable: () => undefined },
): Promise<DockerHome> {
  if (flavour === 'snap')
    return { certsD: SNAP_CERTS_D, daemonJson: SNAP_DAEMON_JSON, managed: { manager: 'snap' } }
  if (flavour === 'desktop') return desktop(machine)
  if (flavour === 'rootless') return rootless(machine, socket, variable)
  return { certsD: CERTS_D, daemonJson: configFile }
}

/** moby daemon/pkg/registry config.go CertsDir: `docker/certs.d` of the daemon's own configuration folder; its daemon.json beside that. */
async function rootless(
  machine: Machine,
  socket: string,
  variable: (name: string) => string | undefined,
): Promise<DockerHome> {
  const { privileged, invoker } = machine.who()
  const uid = ownerOf(socket) ?? invoker.uid
  // The daemon was not started from the caller's shell, whose HOME may be another one.
  const person = await personOf(machine, uid)
  const home = variable('HOME') ?? person?.home ?? invoker.home
  const config = (variable('XDG_CONFIG_HOME') ?? '') || posix.join(home, '.config')
  const own = {
    certsD: posix.join(config, 'docker/certs.d'),
    daemonJson: posix.join(config, 'docker/daemon.json'),
    managed: { manager: await personalManager(machine, uid) },
  }
  if (!privileged && uid === invoker.uid) return own
  const name = person?.name ?? `#${uid}`
  const command = `sudo -u ${shellWord(name)} env DOCKER_HOST=${shellWord(`unix://${socket}`)} trust-registry`
  return {
    ...own,
    byHand: {
      why: `it is the rootless daemon of ${name}, and nobody else writes into that person's folders`,
      fix: (registry) => `${command} ${shellWord(registry)} --ca CA.pem      # as that person`,
    },
  }
}

/** Of a person's daemon: their own systemd (docker/docs, rootless mode), which whoever is somebody else finds by its folder. */
export async function personalManager(machine: Machine, uid: number): Promise<string> {
  const { privileged, invoker } = machine.who()
  if (!privileged && uid === invoker.uid) return 'systemctl --user'
  const name = (await personOf(machine, uid))?.name ?? `#${uid}`
  return `sudo -u ${shellWord(name)} env XDG_RUNTIME_DIR=/run/user/${uid} systemctl --user`
}

async function personOf(machine: Machine, uid: number): Promise<{ name: string; home: string } | undefined> {
  const bytes = await machine.read('/etc/passwd').catch(() => undefined)
  const lines = (bytes?.toString('utf8') ?? '').split('\n').map((line) => line.split(':'))
  const fields = lines.find((entry) => entry[2] === String(uid))
  return fields === undefined ? undefined : { name: fields[0] ?? '', home: fields[5] ?? '/' }
}

/** Docker Desktop copies the caller's certs.d into its virtual machine when it starts (docker/docs, macfaqs, windowsfaqs). */
function desktop(machine: Machine): DockerHome {
  const { platform } = machine
  return {
    certsD: posix.join(machine.who().invoker.home, '.docker/certs.d'),
    daemonJson: posix.join(machine.who().invoker.home, '.docker/daemon.json'),
    byHand: {
      why: 'Docker Desktop runs it in a virtual machine, into which it copies this folder when it starts',
      fix: (directory) => dockerDesktop.trust({ directory, ca: 'CA.pem', platform }).join('\n'),
    },
  }
}
