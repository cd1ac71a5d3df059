import type { ChainLink } from '../judge/judgement.ts'
import type { RegistryDocument, ResultDocument } from './document.ts'

/** What the text report needs beyond the document of one registry. */
export interface RegistryView {
  readonly document: RegistryDocument
  /** Leaf to root: the path that is drawn as a tree, root on top. */
  readonly path: readonly ChainLink[]
  /** The image reference or URL that the registry was taken from. */
  readonly takenFrom?: string
  /** Where a certificate of origin `store` comes from: the OS store unless told. */
  readonly storeName?: string
  /** The line that restarts an engine which goes on with the OS store as it was. */
  readonly restart?: string
  /** The command that has the programs trust it which read the OS store alone. */
  readonly wider?: string
  /** The command that takes it back. */
  readonly undo?: string
  /** It is an image: no engine runs there, and nobody is logged in. */
  readonly atRest?: true
  /** The time that the verdict speaks of. */
  readonly at: Date
}

/** The result of a command: one document, and a view for each of its registries, in its order. */
export interface Outcome {
  readonly document: ResultDocument
  readonly views: readonly RegistryView[]
}
