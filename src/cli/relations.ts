import { TrustError } from '../errors.ts'
import type { Options } from './options.ts'
import type { RawFlags } from './read-options.ts'

/**
 * What flags mean together. A flag that could do nothing beside the others is refused: who typed it counts on it.
 * @throws TrustError `usage`
 */
export function checkRelations(
  command: Options['command'],
  flags: RawFlags,
  registries: readonly string[],
): void {
  checkTargets(command, flags, registries)
  if (flags.quiet === true && flags.verbose === true)
    throw usage('--quiet and --verbose exclude each other', '--verbose')
  if (command === 'trust') checkScope(flags)
  if (flags.offline === true) checkOffline(flags)
  checkLogin(flags, registries.length)
  checkClient(flags, registries.length)
}

function checkClient(flags: RawFlags, registries: number): void {
  const { 'client-cert': certificate, 'client-key': key, 'client-p12': p12 } = flags
  const pair = certificate !== undefined || key !== undefined
  if (pair && p12 !== undefined)
    throw usage('--client-p12 holds both: --client-cert and --client-key exclude it', '--client-p12 FILE')
  if (pair && (certificate === undefined || key === undefined))
    throw usage('--client-cert and --client-key belong together', '--client-cert FILE --client-key FILE')
  if ((pair || p12 !== undefined) && registries > 1)
    throw usage(
      `a client certificate is for one registry, and ${registries} are given`,
      'trust-registry reg.corp:5000 --client-p12 FILE',
    )
}

function checkTargets(command: Options['command'], flags: RawFlags, registries: readonly string[]): void {
  if (command === 'undo') {
    if (flags.all === true && registries.length > 0)
      throw usage('give registries or --all, not both', 'trust-registry undo --all')
    if (flags.all !== true && registries.length === 0) {
      throw usage('undo takes the registries to take back, or --all', 'trust-registry undo reg.corp:5000')
    }
  } else if (command !== 'status' && registries.length === 0 && flags.chain === undefined) {
    throw usage('a registry is missing', `trust-registry ${command} reg.corp:5000`)
  }
}

/** `--restart never` may stand anywhere: it is kept. */
function checkScope(flags: RawFlags): void {
  if (flags.scope === 'system') return
  if (flags['keep-appended'] === true) {
    throw usage(
      '--keep-appended is about the bundle of the OS store, which --scope registry leaves alone',
      '--scope system --keep-appended',
    )
  }
  if (flags.restart === 'always') {
    throw usage(
      '--restart always is about engines that read the OS store, which --scope registry leaves alone',
      '--scope system --restart always',
    )
  }
}

function checkOffline(flags: RawFlags): void {
  if ((flags.ca ?? []).length === 0) {
    throw usage('--offline installs what --ca names, and --ca is missing', '--offline --ca ca.pem')
  }
  if (flags.prune === true) {
    throw usage(
      '--prune drops an anchor once the registry is seen without it, and --offline does not look',
      '--prune      # without --offline, where the registry can be reached',
    )
  }
  // An image is often built without a network; whoever builds it says by --ca what all of it is to trust.
  if (flags.scope === 'system' && flags.machine?.startsWith('/') !== true) {
    throw usage(
      "--scope system takes what anchors the chain, and --offline does not look at it, but for an image's root folder",
      '--scope system --ca ca.pem      # without --offline, where the registry can be reached',
    )
  }
  if (flags.username !== undefined && flags['no-login'] !== true) {
    throw usage(
      '--username logs in once the engine has seen the registry, and --offline does not look',
      '-u NAME --password-stdin      # later, without --offline; leave -u out here',
    )
  }
}

function checkLogin(flags: RawFlags, registries: number): void {
  const named = flags.username !== undefined
  if (named && registries > 1) {
    throw usage(
      `--username is for one registry, and ${registries} are given`,
      'trust-registry reg.corp:5000 -u NAME      # one by one',
    )
  }
  if (flags['password-stdin'] === true && !named) {
    throw usage('--password-stdin needs a user name', '-u NAME --password-stdin')
  }
  if (flags['token-realm'] !== undefined && !named) {
    throw usage(
      '--token-realm says where a password may go, and needs a user name',
      '-u NAME --token-realm HOST',
    )
  }
  if (flags['login-required'] === true && flags['no-login'] === true) {
    throw usage('--login-required and --no-login exclude each other', '-u NAME --login-required')
  }
  if (flags['login-required'] === true && !named) {
    throw usage('--login-required needs a user name', '-u NAME --login-required')
  }
}

function usage(message: string, fix?: string): TrustError {
  return new TrustError('usage', message, fix === undefined ? {} : { fix })
}
