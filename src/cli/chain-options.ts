import { isIP } from 'node:net'
import { TrustError } from '../errors.ts'
import { parseGoVersion, type GoVersion } from '../x509/go-version.ts'
import type { RawFlags } from './read-options.ts'

/** `diagnose --chain`: files to be judged, in place of a registry to be looked at. */
export interface ChainOptions {
  /** The file with the certificates as they are sent, leaf first. */
  readonly path: string
  /** A name or an address, without brackets and port. */
  readonly host: string
  /** Absent: the roots of this machine. */
  readonly roots?: string
  /** Absent: now. */
  readonly at?: Date
  /** Absent: the newest that is known. */
  readonly go?: GoVersion
}

/** Go 1.13 is the first whose rules are documented here. */
const OLDEST_GO = 13

const FORM = 'trust-registry diagnose --chain FILE --host NAME'

/** They say how a registry is looked at, and for whom. */
const NEEDLESS = [
  ...(['runtime', 'machine', 'proxy', 'resolve', 'no-aia', 'timeout'] as const),
  ...(['client-cert', 'client-key', 'client-p12'] as const),
]

/**
 * The flags of an offline verdict, judged.
 * @throws TrustError `usage`, `bad-file`
 */
export function readChainOptions(flags: RawFlags, registries: readonly string[]): ChainOptions | undefined {
  const { chain, host, roots, at, go } = flags
  if (chain === undefined) {
    for (const [name, value] of Object.entries({ host, roots, at, go })) {
      if (value !== undefined) throw usage(`--${name} goes with --chain, and --chain is missing`, FORM)
    }
    return undefined
  }
  if (registries.length > 0) throw usage('give registries or --chain, not both', FORM)
  for (const name of ['ca', 'fingerprint'] as const) {
    if (flags[name]?.length)
      throw usage(`--${name} does not go with --chain; what is trusted is --roots`, FORM)
  }
  for (const name of NEEDLESS) {
    const given = flags[name]
    if (given !== undefined && given !== false && (!Array.isArray(given) || given.length > 0))
      throw usage(`--${name} does not go with --chain; no registry and no engine is asked`, FORM)
  }
  if (host === undefined) throw usage('--chain needs the name that the certificate is to be for', FORM)
  return {
    path: named('--chain', chain),
    host: hostOf(host),
    ...(roots === undefined ? {} : { roots: named('--roots', roots) }),
    ...(at === undefined ? {} : { at: momentOf(at) }),
    ...(go === undefined ? {} : { go: goOf(go) }),
  }
}

function usage(message: string, fix?: string): TrustError {
  return new TrustError('usage', message, fix === undefined ? {} : { fix })
}

function named(flag: string, path: string): string {
  if (path !== '' && !path.includes('\0')) return path
  throw new TrustError('bad-file', `${flag} expects the path of a file`, { fix: `${flag} FILE` })
}

/** Wider than the grammar of REGISTRY, as Go's own check is: capitals and a final dot are allowed. */
function hostOf(text: string): string {
  const bare = /^\[.*\]$/.test(text) ? text.slice(1, -1) : text
  if (isIP(bare) !== 0 && !bare.includes('%')) return bare
  if (/^[a-z0-9_][a-z0-9._-]{0,253}$/i.test(text) && !text.includes('..')) return text
  const shown = JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text)
  const port = /^[^:]+:\d+$/.test(text) || /^\[.*\]:\d+$/.test(text)
  throw usage(`--host is ${shown}; it is a name or an address${port ? ', without a port' : ''}`, FORM)
}

const RFC3339 =
  /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,3})(\d*))?(?:[Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/

function momentOf(text: string): Date {
  const match = RFC3339.exec(text)
  const date = new Date(match ? text.toUpperCase() : Number.NaN)
  // `new Date` takes February 30 for a day in March.
  const [year, month, day] = [1, 2, 3].map((group) => Number(match?.[group]))
  const last = new Date(Date.UTC(year ?? 0, month ?? 0, 0)).getUTCDate()
  if (!match || Number.isNaN(date.getTime()) || (day ?? 0) > last || Number(match[4]) > 23) {
    throw usage(
      `--at is ${JSON.stringify(text.slice(0, 80))}; it is a time as RFC 3339 has it`,
      '--at 2026-11-22T08:00:00Z',
    )
  }
  // Certificates count in whole seconds: what lies within one must stay within it.
  const finer = /[1-9]/.test(match[8] ?? '') && date.getUTCMilliseconds() === 0
  return finer ? new Date(date.getTime() + 1) : date
}

const RELEASE = /^(?:go)?1\.\d{1,3}(?:\.\d{1,3})?(?:(?:rc|beta)\d{1,3})?(?:[ +-].*)?$/

function goOf(text: string): GoVersion {
  const version = RELEASE.test(text.trim()) ? parseGoVersion(text) : undefined
  if (version && version.minor >= OLDEST_GO) return version
  const shown = JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text)
  throw usage(`--go is ${shown}; it is a release from 1.${OLDEST_GO} on`, '--go 1.19')
}
