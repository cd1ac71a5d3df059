import { TrustError } from '../errors.ts'

/** Where the engine lives: this computer, or one that ssh(1) reaches. */
export type MachineChoice = { readonly kind: 'local'; readonly text: string } | SshChoice

export interface SshChoice {
  readonly kind: 'ssh'
  /** As it was typed. */
  readonly text: string
  /** `user@host`, `host`, or an alias of ssh_config. */
  readonly destination: string
  readonly port?: number
  /** Of the engine, over there. */
  readonly socket?: string
}

const EXAMPLE = '--machine ssh://docker@192.168.99.100'

/**
 * `local`, or `ssh://[user@]host[:port][/socket]` as Docker itself reads it (docker/cli connhelper/ssh). Nothing in
 * it may look like a flag to ssh.
 * @throws TrustError `usage`
 */
export function parseMachine(text: string, from = '--machine'): MachineChoice {
  if (text === 'local') return { kind: 'local', text }
  const bad = (why: string): TrustError =>
    new TrustError('usage', `${from} is ${JSON.stringify(text)}: ${why}`, { fix: EXAMPLE })
  const found = /^ssh:\/\/(?:([^@/]*)@)?(\[[0-9A-Fa-f:.]+\]|[^:/@]+)(?::([0-9]{1,5}))?(\/.*)?$/.exec(text)
  if (!found) throw bad('it is local or ssh://user@host[:port]')
  const [, user, host = '', port, socket] = found
  if (user !== undefined && !/^[A-Za-z0-9_][\w.@+-]*\$?$/.test(user))
    throw bad('the user name is odd, or holds a password')
  if (!/^(?:\[.*\]|[A-Za-z0-9_][\w.-]*)$/.test(host)) throw bad('that is no name of a host')
  const number = port === undefined ? undefined : Number(port)
  if (number === 0 || (number ?? 1) > 65_535) throw bad('a port is 1 to 65535')
  const name = host.replace(/^\[|\]$/g, '')
  return {
    ...{ kind: 'ssh', text, destination: user === undefined ? name : `${user}@${name}` },
    ...(number === undefined ? {} : { port: number }),
    ...(socket === undefined || socket === '/' ? {} : { socket }),
  }
}
