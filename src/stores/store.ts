import type { Machine } from '../machine/machine.ts'
import type { Certificate } from '../x509/index.ts'

export const storeNames = ['debian', 'alpine', 'rhel', 'suse', 'arch'] as const
export type StoreName = (typeof storeNames)[number]

/** One way to keep an OS trust store: where its sources lie, which tool makes a bundle of them, and what that drops. */
export interface Store {
  readonly name: StoreName
  /** Where an administrator's certificates go, one file each; any folder below it would not do everywhere. */
  readonly anchors: string
  /** The program that makes the bundle, looked for in the sbin folders as well. */
  readonly tool: string
  /** Whether the tool takes a file of the anchors' folder by its name. */
  readonly takes: (name: string) => boolean
  /** PEM alone, and one certificate a file: the hash links that OpenSSL follows want it so. */
  readonly hashed: boolean
  /** What installs the tool. */
  readonly toolPackage: string
  /** The file that the tool writes and that Go reads, itself or through a link. */
  readonly bundle: string
  /** Made beside the bundle, and never the same twice: Java's, with the time in it. */
  readonly restless: readonly string[]
  /** What the tool is told. `fresh`: something was taken away. */
  args(fresh: boolean): readonly string[]
  /** What an interrupted run leaves, which the next one would build upon. */
  readonly leftovers: readonly string[]
  /** What the bundle would hold if it were made now; undefined where that cannot be told beforehand. */
  expected(machine: Machine): Promise<Buffer | undefined>
  /** Why the tool would leave this certificate out without a word; undefined where it takes it. */
  drops(certificate: Certificate): string | undefined
}
