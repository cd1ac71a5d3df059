import { TaskCommand } from '../command.ts'
import type { Task } from '../command.ts'
import { demoFlags } from '../flags.ts'
import { wantsColor } from '../print.ts'
import { createProgress } from '../progress.ts'
import { createPrompts } from '../prompts.ts'

export class Demo extends TaskCommand {
  static override id = 'demo'
  static override summary =
    'Show the whole story against an embedded registry, in a throwaway root, in seconds.'
  static override usage = ['demo [FLAGS]']
  static override flags = demoFlags
  static override examples = ['trust-registry demo']

  async run(): Promise<Task> {
    const { flags } = await this.parse(Demo)
    return async ({ io, version }) => {
      const { runDemo } = await import('../../../fixtures/demo/index.ts')
      const progress = createProgress(io, flags)
      const services = { io, version, progress, prompts: createPrompts(io) }
      return runDemo(services, {
        json: flags.json,
        color: !flags['no-color'] && wantsColor(io.stdout, io.env),
      }).finally(() => {
        progress.done()
      })
    }
  }
}
