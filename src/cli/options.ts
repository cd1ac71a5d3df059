import type { Pin } from '../registry/reach.ts'
import type { ChainOptions } from './chain-options.ts'
import type { MachineChoice } from './machine-choice.ts'
import type { WrongLine } from './list-file.ts'

/** Paths of `--client-cert` and `--client-key`, or of `--client-p12`. */
export type ClientFiles = { readonly certificate: string; readonly key: string } | { readonly p12: string }

/** The flags after parsing: plain, frozen, no oclif in sight. */
export interface Options {
  readonly command: 'trust' | 'diagnose' | 'undo' | 'status'
  /** As typed, `--file` lists included, duplicates dropped. */
  readonly registries: readonly string[]
  /** Lines of a `--file` list that name no registry: reported, and the others are served. */
  readonly wrongLines: readonly WrongLine[]
  /** `undo --all`. */
  readonly all: boolean
  /** `diagnose --chain`: files in place of registries. */
  readonly chain?: ChainOptions
  /** Paths of `--ca`. */
  readonly ca: readonly string[]
  /** 64 upper-case hex digits each. */
  readonly fingerprints: readonly string[]
  readonly trustOnFirstUse: boolean
  readonly prune: boolean
  readonly scope: 'registry' | 'system'
  readonly restart: 'auto' | 'never' | 'always'
  readonly keepAppended: boolean
  /** Empty: all that are found. */
  readonly runtimes: readonly string[]
  readonly username?: string
  readonly passwordStdin: boolean
  /** Hosts besides the registry that the password may go to: HOST or HOST:PORT. */
  readonly tokenRealms: readonly string[]
  readonly login: boolean
  readonly loginRequired: boolean
  /** What is shown to a registry that wants to know its clients. */
  readonly client?: ClientFiles
  /** Of one stage, in milliseconds. */
  readonly timeoutMs: number
  /** `--resolve`. */
  readonly pins: readonly Pin[]
  /** `--proxy`, an address without a password. */
  readonly proxy?: string
  readonly aia: boolean
  readonly offline: boolean
  readonly dryRun: boolean
  readonly check: boolean
  readonly yes: boolean
  /** False with `--no-input`, `--json`, in CI, or where there is no terminal. */
  readonly input: boolean
  /** Where the engine lives; what Docker's own settings say unless given. */
  readonly machine?: MachineChoice
  readonly stateDir?: string
  readonly json: boolean
  readonly jsonPem: boolean
  readonly quiet: boolean
  readonly verbose: boolean
  readonly color: boolean
}

/** What holds where nothing was said. */
export const defaultOptions = {
  wrongLines: [],
  all: false,
  ca: [],
  fingerprints: [],
  trustOnFirstUse: false,
  prune: false,
  scope: 'registry',
  restart: 'auto',
  keepAppended: false,
  runtimes: [],
  passwordStdin: false,
  tokenRealms: [],
  login: true,
  loginRequired: false,
  timeoutMs: 10_000,
  pins: [],
  aia: true,
  offline: false,
  dryRun: false,
  check: false,
  yes: false,
  input: false,
  json: false,
  jsonPem: false,
  quiet: false,
  verbose: false,
  color: false,
} as const satisfies Partial<Options>
