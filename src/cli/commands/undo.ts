import { string } from '@oclif/core/args'
import { TaskCommand } from '../command.ts'
import type { Task } from '../command.ts'
import { undoFlags } from '../flags.ts'
import { flowTask } from '../flow-task.ts'

export class Undo extends TaskCommand {
  static override id = 'undo'
  static override summary = 'Take back exactly what was done.'
  static override usage = ['undo REGISTRY... [FLAGS]', 'undo --file LIST [FLAGS]', 'undo --all [FLAGS]']
  static override args = {
    registry: string({ multiple: true, description: 'as it was given to trust' }),
  }
  static override flags = undoFlags
  static override examples = ['trust-registry undo reg.corp:5000', 'trust-registry undo --all --yes']

  async run(): Promise<Task> {
    const { args, flags } = await this.parse(Undo)
    return flowTask('undo', flags, args.registry)
  }
}
