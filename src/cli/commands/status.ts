import { string } from '@oclif/core/args'
import { TaskCommand } from '../command.ts'
import type { Task } from '../command.ts'
import { statusFlags } from '../flags.ts'
import { flowTask } from '../flow-task.ts'

export class Status extends TaskCommand {
  static override id = 'status'
  static override summary = 'Show what was done here, whether it still holds, and what expires when.'
  static override usage = ['status [REGISTRY...] [FLAGS]']
  static override args = {
    registry: string({ multiple: true, description: 'only these; all unless given' }),
  }
  static override flags = statusFlags
  static override examples = ['trust-registry status', 'trust-registry status --json']

  async run(): Promise<Task> {
    const { args, flags } = await this.parse(Status)
    return flowTask('status', flags, args.registry)
  }
}
