import type { Approved } from '../../change/index.ts'
import type { RegistryView } from '../../report/view.ts'
import { againLine } from './consent.ts'
import type { Options } from '../options.ts'
import type { Context } from './context.ts'
import type { Case } from './observe.ts'

/** The same job in the other scope, to paste: what refuses after the one may be served by the other. */
export function otherScopeLine({ options }: Pick<Context, 'options'>): string {
  const { restart } = options
  const inRegistry = {
    ...options,
    scope: 'registry',
    keepAppended: false,
    restart: restart === 'always' ? 'auto' : restart,
  } as const
  const inSystem = { ...options, scope: 'system' } as const
  return againLine({ options: options.scope === 'system' ? inRegistry : inSystem })
}

/**
 * After scope registry the programs that read the OS store alone (curl, the command lines of Docker and of others)
 * still refuse: the line for those who need them. Not for a certificate that is no CA, which few stores take.
 */
export function widerView(context: Context, seen: Case, { anchor }: Approved): Pick<RegistryView, 'wider'> {
  const { machine, options } = context
  const real = machine.kind === 'local' || machine.kind === 'ssh'
  const lacks = seen.judgement.consumers.some(({ name, state }) => name === 'system' && state === 'refused')
  if (!real || options.scope !== 'registry' || !lacks || !anchor.isCA) return {}
  return { wider: widerLine(options) }
}

export function widerLine(options: Options): string {
  return otherScopeLine({ options: withoutLogin(options) })
}

/** The login is done and stored by then, and a password is no longer on stdin; consent is asked for anew. */
function withoutLogin(options: Options): Options {
  const others: Omit<Options, 'username'> & { username?: string } = { ...options }
  delete others.username
  return { ...others, passwordStdin: false, tokenRealms: [], loginRequired: false, yes: false }
}
