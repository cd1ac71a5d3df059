import type { Task } from './command.ts'
import type { Options } from './options.ts'
import { printOutcome } from './print.ts'
import { createProgress } from './progress.ts'
import { createPrompts } from './prompts.ts'
import { readOptions } from './read-options.ts'
import type { RawFlags } from './read-options.ts'
import type { Flow, Services, Stages } from './services.ts'

/** Flags to options, stages, report, exit code: what trust, diagnose, undo and status have in common. */
export function flowTask(
  command: Options['command'],
  flags: RawFlags,
  registries: readonly string[] = [],
): Task {
  return async ({ io, version, loadFlow }) => {
    const options = await readOptions(command, flags, registries, io)
    const services: Services = {
      io,
      version,
      progress: createProgress(io, options),
      prompts: createPrompts(io),
    }
    const flow = await loadFlow()
    const outcome = await stagesOf(flow, command)(options, services).finally(() => {
      services.progress.done()
    })
    printOutcome(outcome, options, io)
    return outcome.document.exitCode
  }
}

function stagesOf(flow: Flow, command: Options['command']): Stages {
  switch (command) {
    case 'trust':
      return flow.runTrust
    case 'diagnose':
      return flow.runDiagnose
    case 'undo':
      return flow.runUndo
    case 'status':
      return flow.runStatus
  }
}
