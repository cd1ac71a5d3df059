import { string } from '@oclif/core/args'
import { TaskCommand } from '../command.ts'
import type { Task } from '../command.ts'
import { trustFlags } from '../flags.ts'
import { flowTask } from '../flow-task.ts'

export class Trust extends TaskCommand {
  static override id = 'trust'
  static override summary = 'Make this machine trust a registry: diagnose, plan, ask, apply, verify, log in.'
  static override usage = ['REGISTRY... [FLAGS]', 'trust REGISTRY... [FLAGS]']
  static override args = {
    registry: string({
      multiple: true,
      description: 'HOST, HOST:PORT, [IPV6]:PORT, an image or an https URL',
    }),
  }
  static override flags = trustFlags
  static override examples = [
    'trust-registry reg.corp:5000 --ca corp-ca.pem',
    'trust-registry reg.corp:5000 --fingerprint SHA256:9F86D0...',
    'trust-registry reg.corp:5000 --ca corp-ca.pem -u ci --password-stdin < token',
    'trust-registry --file registries.txt --ca corp-ca.pem --check --json',
  ]

  async run(): Promise<Task> {
    const { args, flags } = await this.parse(Trust)
    return flowTask('trust', flags, args.registry)
  }
}
