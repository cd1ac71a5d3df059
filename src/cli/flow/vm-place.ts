import { posix } from 'node:path'
import { TrustError } from '../../errors.ts'
import type { Machine } from '../../machine/machine.ts'
import type { TlsDaemon } from '../../machine/tls-socket.ts'
import type { DockerEndpoint } from '../../runtimes/docker-context.ts'
import { legacyVm, vmBehind, vmNamed, vmNames, type KnownVm } from '../../runtimes/docker-machine.ts'
import { parseMachine, type MachineChoice, type SshChoice } from '../machine-choice.ts'
import type { Options } from '../options.ts'
import { againLine } from './consent.ts'

type Env = Readonly<Record<string, string | undefined>>
type VmChoice = Extract<MachineChoice, { readonly kind: 'boot2docker' }>

/** Of a daemon with TLS, registered with IANA. */
export const DAEMON_PORT = 2376
const MAX_PEM = 1024 * 1024

export interface Way {
  readonly vm: KnownVm
  readonly ssh: SshChoice
}

/**
 * The VM that `boot2docker[:NAME]` means: the named one of docker-machine; without a name DOCKER_MACHINE_NAME, then
 * `default`, the only one, and the one of boot2docker-cli.
 * @throws TrustError `policy` where there is none, or more than one
 */
export async function vmOf(choice: VmChoice, home: Machine, env: Env): Promise<Way> {
  const { name = env['DOCKER_MACHINE_NAME'], text } = choice
  const names = name ? [name] : await vmNames(home, env)
  const only = names.includes('default') ? 'default' : names.length === 1 ? names[0] : undefined
  const named = only === undefined ? undefined : await vmNamed(home, env, only)
  const vm = named ?? (name || names.length > 1 ? undefined : await legacyVm(home, env))
  if (vm) return { vm, ssh: sshOf(vm, text) }
  const none = names.length > 1 ? 'there are several' : 'none of that name is known here'
  throw new TrustError('policy', `--machine ${text}: ${none}; nothing was changed`, {
    ...(names.length > 1 ? { seen: names.slice(0, 20).join(', ') } : {}),
    fix: 'docker-machine ls      # then: --machine boot2docker:NAME, or ssh://docker@ADDRESS',
  })
}

/**
 * The machine of a daemon behind `tcp://`, of which only its API is known: files get there by the ssh of who made it.
 * @throws TrustError `policy` where nobody did, or where no TLS is spoken
 */
export async function behindTcp(
  { host = '', why, certs }: DockerEndpoint,
  home: Machine,
  options: Options,
  env: Env,
): Promise<Way & { readonly daemon?: TlsDaemon }> {
  const at = /^tcp:\/\/(\[[0-9A-Fa-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?\/?$/.exec(host)
  const address = at?.[1]?.replace(/^\[|\]$/g, '')
  const vm = address === undefined ? undefined : await vmBehind(home, env, address, certs)
  if (vm === undefined || address === undefined) throw elsewhere(host, why, address ?? 'HOST', options)
  const daemon = await daemonOf(home, address, Number(at?.[2] ?? DAEMON_PORT), certs)
  return { vm, ssh: sshOf(vm, `ssh://${vm.user}@${vm.host}:${vm.port}`), ...(daemon ? { daemon } : {}) }
}

/** Undefined where the certificates are not there: then it is spoken to over ssh. */
export async function daemonOf(
  home: Machine,
  host: string,
  port: number,
  certs: string | undefined,
): Promise<TlsDaemon | undefined> {
  if (certs === undefined || host === '') return undefined
  const [ca, cert, key] = await Promise.all(
    ['ca.pem', 'cert.pem', 'key.pem'].map((name) =>
      home.read(posix.join(certs, name), MAX_PEM).catch(() => undefined),
    ),
  )
  return ca && cert && key ? { host, port, ca, cert, key } : undefined
}

/** As strict as what is typed: a file of somebody else's gives no flag to ssh. */
function sshOf(vm: KnownVm, text: string): SshChoice {
  const choice = parseMachine(`ssh://${vm.user}@${vm.host}:${vm.port}`, vm.called)
  if (choice.kind !== 'ssh') throw new Error(`${vm.called} is no machine that ssh reaches`)
  const { identity, start } = vm
  return { ...choice, text, start, ...(identity === undefined ? {} : { identity }) }
}

function elsewhere(host: string, why: string, address: string, options: Options): TrustError {
  const there = againLine({ options: { ...options, machine: { kind: 'local', text: 'local' } } })
  const from = againLine({ options: { ...options, machine: parseMachine(`ssh://root@${address}`) } })
  return new TrustError(
    'policy',
    `${why} points to ${host}: its files are on that machine, and how to get there is not known; nothing was changed`,
    { fix: `${from}\n${there}      # or this, on ${address} itself` },
  )
}
