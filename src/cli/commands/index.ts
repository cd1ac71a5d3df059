import type { Command } from '@oclif/core/command'
import type { CommandName } from '../words.ts'
import { Completion } from './completion.ts'
import { Demo } from './demo.ts'
import { Diagnose } from './diagnose.ts'
import { Status } from './status.ts'
import { Trust } from './trust.ts'
import { Undo } from './undo.ts'

/** In the order of the help. */
export const commands: Readonly<Record<CommandName, Command.Class>> = {
  trust: Trust,
  diagnose: Diagnose,
  undo: Undo,
  status: Status,
  demo: Demo,
  completion: Completion,
}
