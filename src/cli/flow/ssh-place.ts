import { TrustError, errorCode } from '../../errors.ts'
import { boot2dockerOf } from '../../machine/boot2docker.ts'
import { shellWord } from '../../machine/shell.ts'
import { DeadlineError, within } from '../../registry/deadline.ts'
import type { TlsDaemon, TlsSocket } from '../../machine/tls-socket.ts'
import type { SshChoice } from '../machine-choice.ts'
import type { Options } from '../options.ts'
import type { Services } from '../services.ts'
import type { Place } from './place.ts'

/** The usual one of the daemon. */
const SOCKET = '/var/run/docker.sock'

/** What is known of the way beside ssh's own words. */
export interface Reason {
  /** What chose the machine. */
  readonly why: string
  /** Whether something will be changed there. */
  readonly change: boolean
  /** The same machine's daemon, where it is spoken to with TLS. */
  readonly daemon?: TlsDaemon
}

/**
 * One connection to the far side, as root where sudo -n lets us and something is to be changed.
 * @throws TrustError `machine-unreachable`, `machine-refused`, `host-key-unknown`, `host-key-changed`
 */
export async function openSsh(
  choice: SshChoice,
  { why, change, daemon }: Reason,
  options: Options,
  services: Services,
): Promise<Place> {
  const [{ SshLink, SshError }, { Channel, bootstrap }, { greet }, { SshMachine }] = await Promise.all([
    import('../../machine/ssh/link.ts'),
    import('../../machine/ssh/channel.ts'),
    import('../../machine/ssh/greeting.ts'),
    import('../../machine/ssh/machine.ts'),
  ])
  // ssh may be about to ask.
  services.progress.done()
  const { timeoutMs, input: interactive } = options
  const { signal } = services.io
  const link = await SshLink.open(choice, { timeoutMs, interactive, env: services.io.env }).catch(
    (error: unknown) => {
      throw error instanceof SshError ? refusal(choice, error.said, why) : error
    },
  )
  let api: TlsSocket | undefined
  const close = async (): Promise<void> => {
    await Promise.all([link.close(), api?.close()])
  }
  try {
    api = await daemonSocket(daemon, timeoutMs)
    let channel = new Channel(await link.exec(bootstrap))
    let greeting = await within(timeoutMs, 'first words over ssh', signal, greet(channel))
    const asWhom = greeting.uid
    if (change && greeting.uid !== 0) {
      // Where sudo would have to ask it fails at once, and what needs root says so later.
      const asRoot = new Channel(await link.exec(`exec sudo -n ${bootstrap.replace('exec ', '')}`))
      const root = await within(timeoutMs, 'sudo over ssh', signal, greet(asRoot)).catch(() => undefined)
      if (root?.uid === 0) {
        channel.close()
        channel = asRoot
        greeting = root
      }
    }
    // What `docker` itself speaks to comes first; over ssh it is the socket of the same daemon.
    const own = api?.path
    const way = {
      dial: (host: string, port: number) => link.dial(host, port),
      forward: (path: string) =>
        own !== undefined && path === SOCKET ? Promise.resolve(own) : link.forward(path),
    }
    const machine = new SshMachine(channel, greeting, way)
    const vm = await boot2dockerOf(machine)
    if (vm && !vm.mounted && change && options.stateDir === undefined) throw withoutDisk(choice.text)
    return {
      machine,
      ...(vm ? { vm } : {}),
      ...(choice.socket === undefined ? {} : { socket: choice.socket }),
      ...{ name: choice.text, why, close },
      login: { words: loginWords(choice), root: asWhom === 0 },
    }
  } catch (error) {
    await close()
    const silent = error instanceof DeadlineError
    if (!silent && errorCode(error) !== 'ECONNRESET' && errorCode(error) !== 'EIO') throw error
    throw new TrustError('machine-refused', `${choice.text} lets us in, but runs no shell for us`, {
      fix: `${loginWords(choice).map(shellWord).join(' ')} sh -c true      # has to work`,
      cause: error,
    })
  }
}

function loginWords({ destination, port, identity }: SshChoice): readonly [string, ...string[]] {
  const key = identity === undefined ? [] : ['-i', identity, '-o', 'IdentitiesOnly=yes']
  return ['ssh', ...key, ...(port === undefined ? [] : ['-p', String(port)]), destination]
}

async function daemonSocket(
  daemon: TlsDaemon | undefined,
  timeoutMs: number,
): Promise<TlsSocket | undefined> {
  if (daemon === undefined) return undefined
  const { TlsSocket } = await import('../../machine/tls-socket.ts')
  return (await TlsSocket.problem(daemon, timeoutMs)) === undefined ? TlsSocket.open(daemon) : undefined
}

function withoutDisk(name: string): TrustError {
  return new TrustError(
    'policy',
    `${name} is a boot2docker VM without a disk: whatever is done there is gone after a reboot; nothing was changed`,
    {
      fix: 'give it a disk with the label boot2docker-data; or --state-dir /var/lib/trust-registry, if until the reboot is enough',
    },
  )
}

/** What ssh(1) says when it does not get there; its words are its only interface. */
function refusal(choice: SshChoice, said: string, why: string): TrustError {
  const seen = said
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^@+$/.test(line.trim()))
    .slice(-12)
    .join('\n')
  const { destination, port } = choice
  const host = destination.replace(/^.*@/, '')
  const known = port === undefined || port === 22 ? host : `[${host}]:${port}`
  const { start } = choice
  const login = loginWords(choice).map(shellWord).join(' ')
  const where = `${choice.text} (from ${why})`
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED|host key for .* has changed/i.test(said)) {
    return new TrustError(
      'host-key-changed',
      `${where} shows another host key than the one on record: somebody may be in between, or it was set up anew; nothing was changed`,
      {
        seen,
        fix: `ssh-keygen -R ${shellWord(known)}      # once its owner has confirmed the new key; then: ${login}`,
      },
    )
  }
  if (/Host key verification failed|No .* host key is known/i.test(said)) {
    return new TrustError(
      'host-key-unknown',
      `nobody has vouched for the host key of ${where}; nothing was changed`,
      {
        seen,
        fix: `${login}      # compare the fingerprint that it shows, and say yes`,
      },
    )
  }
  if (/Permission denied|Too many authentication failures|no such identity/i.test(said)) {
    return new TrustError('machine-refused', `${where} does not let this user in; nothing was changed`, {
      seen,
      fix: `${login}      # has to work without a password, or run this at a terminal`,
    })
  }
  return new TrustError('machine-unreachable', `${where} cannot be reached over ssh; nothing was changed`, {
    seen,
    fix: start === undefined ? `${login}      # is it up?` : `${start}      # is it up? then: ${login}`,
  })
}
