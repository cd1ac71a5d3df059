import { resolve } from 'node:path'
import { TrustError } from '../errors.ts'
import { shellWord } from '../machine/shell.ts'

/** Where the engine lives: this computer, one that ssh(1) reaches, an image, or a VM that docker-machine or boot2docker knows. */
export type MachineChoice =
  | { readonly kind: 'local'; readonly text: string }
  | { readonly kind: 'boot2docker'; readonly text: string; readonly name?: string }
  | SshChoice
  | ImageChoice

export interface ImageChoice {
  readonly kind: 'root'
  /** As it was typed. */
  readonly text: string
  /** Of the image's root folder, absolute. */
  readonly path: string
}

export interface SshChoice {
  readonly kind: 'ssh'
  /** As it was typed. */
  readonly text: string
  /** `user@host`, `host`, or an alias of ssh_config. */
  readonly destination: string
  readonly port?: number
  /** Of the engine, over there. */
  readonly socket?: string
  /** The private key, by path; ssh's own way unless given. */
  readonly identity?: string
  /** What starts a VM. */
  readonly start?: string
}

const EXAMPLE = '--machine ssh://docker@192.168.99.100'

/**
 * `local`, `boot2docker[:NAME]`, an absolute path, or `ssh://[user@]host[:port][/socket]` as Docker itself reads it
 * (docker/cli connhelper/ssh). Nothing in it may look like a flag to ssh.
 * @throws TrustError `usage`
 */
export function parseMachine(text: string, from = '--machine'): MachineChoice {
  if (text === 'local') return { kind: 'local', text }
  const vm = /^boot2docker(?::(\w[\w.-]*))?$/.exec(text)
  if (vm) return { kind: 'boot2docker', text, ...(vm[1] === undefined ? {} : { name: vm[1] }) }
  const bad = (why: string, fix = EXAMPLE): TrustError =>
    new TrustError('usage', `${from} is ${JSON.stringify(text)}: ${why}`, { fix })
  if (text.startsWith('/') && !text.includes('\0')) return { kind: 'root', text, path: resolve(text) }
  if (/^\.{0,2}[^:]*\/(?!\/)/.test(text) || /^\.{1,2}$/.test(text))
    throw bad(
      'the root folder of an image is named by its whole path',
      `--machine ${shellWord(resolve(text))}`,
    )
  const found = /^ssh:\/\/(?:([^@/]*)@)?(\[[0-9A-Fa-f:.]+\]|[^:/@]+)(?::([0-9]{1,5}))?(\/.*)?$/.exec(text)
  if (!found)
    throw bad(
      "it is local, ssh://user@host[:port], boot2docker[:NAME] or the whole path of an image's root folder",
    )
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
