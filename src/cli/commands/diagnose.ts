import { string } from '@oclif/core/args'
import { TaskCommand } from '../command.ts'
import type { Task } from '../command.ts'
import { diagnoseFlags } from '../flags.ts'
import { flowTask } from '../flow-task.ts'

export class Diagnose extends TaskCommand {
  static override id = 'diagnose'
  static override summary = 'Say what is wrong, what Docker will print, and who has to act; change nothing.'
  static override usage = [
    'diagnose REGISTRY... [FLAGS]',
    'diagnose --chain FILE --host NAME [--roots FILE] [FLAGS]',
  ]
  static override args = {
    registry: string({
      multiple: true,
      description: 'HOST, HOST:PORT, [IPV6]:PORT, an image or an https URL',
    }),
  }
  static override flags = diagnoseFlags
  static override examples = [
    'trust-registry diagnose reg.corp:5000',
    'trust-registry diagnose reg.corp:5000 --ca corp-ca.pem --json',
    'trust-registry diagnose --chain fullchain.pem --host reg.corp --go 1.19',
  ]

  async run(): Promise<Task> {
    const { args, flags } = await this.parse(Diagnose)
    return flowTask('diagnose', flags, args.registry)
  }
}
