import { TrustError } from '../../errors.ts'
import type { Machine } from '../../machine/machine.ts'
import { shellWord } from '../../machine/shell.ts'
import { overSsh, type SshLogin } from './over-ssh.ts'

/** The machine that advice is about. */
export interface Where {
  readonly machine: Pick<Machine, 'atRest' | 'locate'>
  readonly login?: SshLogin
}

/** The whole path of a file, quoted or not; a pattern such as '/-----BEGIN/' is none. */
const PATH = /(?<=^|[\s=])(?='?\/[a-z])/g
/** The tools that make an OS store, and the packages that they come in, which are the image's own. */
const TOOL = /(?<=^|&& )(?=update-ca-|(?:apt-get|apk|dnf|yum|zypper|pacman) \S+ ca-certificates)/g

/** What is to be done to an image is done from outside: its paths begin at DIR then, or the line would hit the builder. */
export function belowRoot(machine: Pick<Machine, 'atRest' | 'locate'>, fix: string): string {
  if (machine.atRest !== true) return fix
  const root = shellWord(machine.locate('/').replace(/\/$/, ''))
  return fix
    .split('\n')
    .map((line) => {
      // A line of ours has --machine, and names files of the builder.
      if (/^(?:sudo |su -c '?)?trust-registry /.test(line)) return line
      return line.replace(PATH, () => root).replace(TOOL, () => `chroot ${root} `)
    })
    .join('\n')
}

/** Advice as it is typed on this computer, wherever the engine is. */
export function typedHere({ machine, login }: Where, fix: string): string {
  return login === undefined ? belowRoot(machine, fix) : overSsh(login, fix)
}

/** The same for an error that ends the run; a file that was named is one of this computer, wherever the engine is. */
export function errorBelow(where: Where, error: TrustError): TrustError {
  if (error.code === 'bad-file') return error
  const { code, message, finding, seen, cause } = error
  const fix = error.fix === undefined ? undefined : typedHere(where, error.fix)
  if (fix === undefined || fix === error.fix) return error
  return new TrustError(code, message, {
    ...(finding === undefined ? {} : { finding }),
    ...(seen === undefined ? {} : { seen }),
    ...(cause === undefined ? {} : { cause }),
    fix,
  })
}
