import { option } from '@oclif/core/args'
import { TaskCommand } from '../command.ts'
import type { Task } from '../command.ts'
import { shells } from '../completion/shells.ts'

export class Completion extends TaskCommand {
  static override id = 'completion'
  static override summary = 'Print a script that completes commands and flags in your shell.'
  static override usage = ['completion bash|zsh|fish']
  static override flags = {}
  static override args = {
    // Without ignoreStdin oclif would read a missing argument from stdin.
    shell: option({ options: shells })({ required: true, ignoreStdin: true, description: 'your shell' }),
  }
  static override examples = [
    'source <(trust-registry completion bash)',
    'trust-registry completion zsh > "${fpath[1]}/_trust-registry"',
    'trust-registry completion fish > ~/.config/fish/completions/trust-registry.fish',
  ]

  async run(): Promise<Task> {
    const { args } = await this.parse(Completion)
    return async ({ io }) => {
      const { completionScript } = await import('../completion/index.ts')
      io.stdout.write(completionScript(args.shell))
      return 0
    }
  }
}
