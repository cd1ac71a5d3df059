import { posix } from 'node:path'
import { shellWord } from '../machine/shell.ts'
import { field, text } from './docker-api.ts'

/** A program that keeps the engine in a virtual machine of its own. */
export interface DesktopVm {
  readonly name: string
  /** The lines that make it trust a registry; its documentation's, not ours. */
  trust(task: VmTask): readonly string[]
  /** The lines that take that back. */
  undo(task: VmTask): readonly string[]
}

export interface VmTask {
  /** As Docker names the directory: `reg.corp:5000`. */
  readonly directory: string
  /** The CA's file, by path. */
  readonly ca: string
  readonly platform: NodeJS.Platform
}

/** What is known of an engine: the way to it before it is asked, its own words afterwards. */
export interface Hint {
  /** `unix://…` or `npipe://…`. */
  readonly host?: string
  /** Of the Docker context, where one named it. */
  readonly context?: string
  /** Its answers to `/version` and `/info`. */
  readonly version?: unknown
  readonly info?: unknown
}

/** The VM behind a socket, a context or a daemon's words; undefined where nothing tells of one. */
export function desktopVm({ host = '', context = '', version, info }: Hint): DesktopVm | undefined {
  const path = host.replace(/^(?:unix|npipe):\/\//, '')
  const colima = /\/\.?colima\/([\w.-]+)\/docker\.sock$/.exec(path)?.[1]
  if (colima !== undefined) return colimaVm(colima)
  if (/^colima(?:-|$)/.test(context)) return colimaVm(context.slice('colima-'.length) || 'default')
  if (path.endsWith('/.rd/docker.sock') || context === 'rancher-desktop') return rancherDesktop
  if (
    /\/podman\/(?:machine\/)?(?:[\w.-]+\/)?[\w.-]*(?:api|podman)\.sock$|podman-machine/.test(path) &&
    !isLinuxPodman(path)
  )
    return podmanMachine
  if (
    /\/\.docker\/(?:run|desktop)\/docker\.sock$|[/\\]dockerDesktop\w*$/.test(path) ||
    context.startsWith('desktop-') ||
    isDesktop(version, info)
  )
    return dockerDesktop
  return undefined
}

/** moby api/types/system VersionResponse: the name of the platform; older ones say it as their system. */
function isDesktop(version: unknown, info: unknown): boolean {
  const platform = text(field(version, 'Platform', 'Name')) ?? ''
  return platform.startsWith('Docker Desktop') || field(info, 'OperatingSystem') === 'Docker Desktop'
}

/** Podman's own socket on the machine itself: no virtual machine is in between. */
function isLinuxPodman(path: string): boolean {
  return /^\/(?:var\/)?run\/(?:user\/\d+\/)?podman\/podman\.sock$/.test(path)
}

/** `~/.docker/certs.d` is copied into the VM when the application starts (docs.docker.com, Desktop FAQs for macOS). */
export const dockerDesktop: DesktopVm = {
  name: 'Docker Desktop',
  trust: ({ directory, ca, platform }) =>
    platform === 'win32'
      ? [`certutil -user -addstore Root ${shellWord(ca)}`, restart('Docker Desktop')]
      : [
          `mkdir -p ~/.docker/certs.d/${shellWord(directory)}`,
          `cp ${shellWord(ca)} ~/.docker/certs.d/${shellWord(`${directory}/ca.crt`)}`,
          restart('Docker Desktop'),
        ],
  undo: ({ directory, ca, platform }) => [
    platform === 'win32'
      ? `certutil -user -delstore Root SERIAL      # of ${ca}`
      : `rm ~/.docker/certs.d/${shellWord(`${directory}/ca.crt`)}`,
    restart('Docker Desktop'),
  ],
}

/** Desktop's engine, used from a WSL 2 distribution: what lies in the distribution does nothing for it. */
export const desktopOverWsl: DesktopVm = {
  name: 'Docker Desktop, by its WSL 2 integration,',
  trust: ({ ca }) => [
    `certutil.exe -user -addstore Root "$(wslpath -w ${shellWord(ca)})"`,
    restart('Docker Desktop on Windows'),
  ],
  undo: ({ ca }) => [
    `certutil.exe -user -delstore Root SERIAL      # of ${ca}`,
    restart('Docker Desktop on Windows'),
  ],
}

/** Straight into the VM: what colima copies from `~/.docker/certs.d` lands one folder too deep (abiosoft/colima#1632). */
function colimaVm(profile: string): DesktopVm {
  const ssh = profile === 'default' ? 'colima ssh --' : `colima ssh -p ${shellWord(profile)} --`
  return { name: 'colima', ...inVm(ssh, '/etc/docker/certs.d') }
}

/** containers/podman docs/tutorials: the VM's own files; podman reads them at every call. */
const podmanMachine: DesktopVm = {
  name: 'podman machine',
  ...inVm('podman machine ssh', '/etc/containers/certs.d'),
}

/** It takes the CAs of the computer's own store into its VM when it starts (rancher-desktop#1572). */
const rancherDesktop: DesktopVm = {
  name: 'Rancher Desktop',
  trust: ({ ca, platform }) => [ownStore(ca, platform, 'add'), restart('Rancher Desktop')],
  undo: ({ ca, platform }) => [ownStore(ca, platform, 'remove'), restart('Rancher Desktop')],
}

function restart(name: string): string {
  return `# then quit ${name} and start it again`
}

function inVm(ssh: string, folder: string): Pick<DesktopVm, 'trust' | 'undo'> {
  const file = (directory: string): string => shellWord(posix.join(folder, directory, 'ca.crt'))
  return {
    trust: ({ directory, ca }) => [
      `${ssh} sudo mkdir -p ${shellWord(posix.join(folder, directory))}`,
      `${ssh} sudo tee ${file(directory)} < ${shellWord(ca)}`,
    ],
    undo: ({ directory }) => [`${ssh} sudo rm ${file(directory)}`],
  }
}

function ownStore(ca: string, platform: NodeJS.Platform, what: 'add' | 'remove'): string {
  const file = shellWord(ca)
  const lines: Readonly<Record<string, readonly [string, string]>> = {
    win32: [`certutil -user -addstore Root ${file}`, `certutil -user -delstore Root SERIAL      # of ${ca}`],
    darwin: [
      `sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain ${file}`,
      `sudo security remove-trusted-cert -d ${file}`,
    ],
  }
  const [add, remove] = lines[platform] ?? [
    `sudo cp ${file} /usr/local/share/ca-certificates/ && sudo update-ca-certificates`,
    `sudo rm /usr/local/share/ca-certificates/${shellWord(posix.basename(ca))} && sudo update-ca-certificates --fresh`,
  ]
  return what === 'add' ? add : remove
}
