import type { Io } from './io.ts'
import type { Options } from './options.ts'
import type { Outcome } from '../report/view.ts'

/** What a stage is doing, for a person who waits; never part of the result. */
export interface Progress {
  stage(text: string): void
  /** Before anything else is printed: takes the line away. */
  done(): void
}

/** Questions at the terminal, even when stdin is taken. They fail with `interrupted` on Ctrl-C. */
export interface Prompts {
  /** The default is no. */
  confirm(question: string): Promise<boolean>
  ask(question: string): Promise<string>
  /** Without echo. */
  password(question: string): Promise<string>
}

export interface Services {
  readonly io: Io
  readonly progress: Progress
  readonly prompts: Prompts
  readonly version: string
}

export type Stages = (options: Options, services: Services) => Promise<Outcome>

/** The stages behind the commands. */
export interface Flow {
  readonly runTrust: Stages
  readonly runDiagnose: Stages
  readonly runUndo: Stages
  readonly runStatus: Stages
}
