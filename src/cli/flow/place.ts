import { TrustError } from '../../errors.ts'
import type { Boot2docker } from '../../machine/boot2docker.ts'
import { LocalMachine } from '../../machine/local.ts'
import type { Machine } from '../../machine/machine.ts'
import { ownerOf, personalSocket } from '../../runtimes/docker-home.ts'
import { dockerEndpoint } from '../../runtimes/docker-context.ts'
import type { TlsDaemon } from '../../machine/tls-socket.ts'
import { parseMachine, type SshChoice } from '../machine-choice.ts'
import type { Options } from '../options.ts'
import type { Services } from '../services.ts'
import { againLine } from './consent.ts'
import { refuseDesktop } from './desktop.ts'
import type { SshLogin } from './over-ssh.ts'

/** The machine whose trust is at stake, how its engine is asked, and why it is that one. */
export interface Place {
  readonly machine: Machine
  /** Of the engine, where it is not the usual one. */
  readonly socket?: string
  /** `ssh://docker@vm`; absent for this computer. */
  readonly name?: string
  /** What chose it. */
  readonly why?: string
  /** How a person gets there, where ssh leads to it. */
  readonly login?: SshLogin
  /** Its root is in RAM: what is to outlive a boot goes to its disk as well. */
  readonly vm?: Boot2docker
  close(): Promise<void>
}

/** Behind another socket of a context there is mostly a virtual machine: Docker Desktop, colima, Rancher Desktop. */
const USUAL_SOCKETS = new Set(['/var/run/docker.sock', '/run/docker.sock'])

/** A person's own daemon, where there is no other. */
async function ownDaemon(machine: Machine): Promise<{ readonly socket?: string }> {
  const there = async (path: string): Promise<boolean> =>
    (await machine.stat(path).catch(() => undefined)) !== undefined
  const socket = personalSocket(machine)
  const [usual, own] = await Promise.all(['/var/run/docker.sock', socket].map(there))
  return usual === false && own === true ? { socket } : {}
}

/** The computer that the command was typed on. */
export function thisComputer(services: Services): Machine {
  return new LocalMachine({ env: services.io.env })
}

/**
 * Where the engine lives: `--machine`, else as the Docker CLI finds it: DOCKER_HOST, DOCKER_CONTEXT, the current
 * context (docker/cli cli/command/cli.go resolveContextName).
 * @param change whether something will be changed there
 * @throws TrustError `policy`, `machine-unreachable`, `machine-refused`, `host-key-unknown`, `host-key-changed`
 */
export async function findPlace(options: Options, services: Services, change: boolean): Promise<Place> {
  const { env } = services.io
  const machine = thisComputer(services)
  const close = (): Promise<void> => Promise.resolve()
  const choice = options.machine
  if (choice?.kind === 'local') return { machine, close }
  if (choice?.kind === 'root') return (await import('./image-root.ts')).openImage(choice)
  const open = async (to: SshChoice, why: string, daemon?: TlsDaemon): Promise<Place> => {
    const { openSsh } = await import('./ssh-place.ts')
    return openSsh(to, { why, change, ...(daemon ? { daemon } : {}) }, options, services)
  }
  if (choice?.kind === 'ssh') return open(choice, '--machine')
  if (choice) {
    const { daemonOf, DAEMON_PORT, vmOf } = await import('./vm-place.ts')
    const { ssh, vm } = await vmOf(choice, machine, env)
    return open(
      ssh,
      `--machine, which is ${vm.called}`,
      await daemonOf(machine, vm.address, DAEMON_PORT, vm.certs),
    )
  }
  const endpoint = await dockerEndpoint(machine, env)
  const { host, why } = endpoint
  await refuseDesktop(endpoint, machine, options)
  if (host === undefined) return { machine, close, ...(await ownDaemon(machine)) }
  if (host.startsWith('unix://')) {
    const socket = host.slice('unix://'.length)
    const here = why === 'DOCKER_HOST' || USUAL_SOCKETS.has(socket) || ownerOf(socket) !== undefined
    if (here) return { machine, socket, close }
    throw new TrustError(
      'policy',
      `${why} points to ${host}: that engine may read other files than this computer's`,
      {
        fix: `${againLine({ options }, '--machine', 'local')}      # for the engine of this computer itself`,
      },
    )
  }
  if (host.startsWith('ssh://')) {
    const named = parseMachine(host, why)
    if (named.kind === 'ssh') return open(named, why)
  }
  const { behindTcp } = await import('./vm-place.ts')
  const tcp = await behindTcp(endpoint, machine, options, env)
  return open(tcp.ssh, `${why}, which is ${tcp.vm.called}`, tcp.daemon)
}
