import { Command } from '@oclif/core/command'
import type { Io } from './io.ts'
import type { Flow } from './services.ts'

/** What a task may use; tests hand in a flow of their own. */
export interface Surroundings {
  readonly io: Io
  readonly version: string
  /** The stages load only when a command runs. */
  readonly loadFlow: () => Promise<Flow>
}

/** What a command does once its words are understood; the exit code comes back. */
export type Task = (surroundings: Surroundings) => Promise<number>

/**
 * The base of all commands: oclif reads the words and hands a task back, so that it never sees a
 * stream, an environment or an error of ours.
 */
export abstract class TaskCommand extends Command {
  abstract override run(): Promise<Task>

  /** oclif's own version sets process.exitCode and prints; `dispatch.ts` does both. */
  protected override catch(error: Error): Promise<never> {
    return Promise.reject(error)
  }
}
