import { prerendered } from './help-text.ts'
import type { HelpTexts } from './help-text.ts'
import type { Io } from './io.ts'
import { route } from './route.ts'
import { version } from './version.ts'

/**
 * The whole program: words in, exit code out. Version and help are answered here, without loading
 * anything else; the rest lives in chunks that load when they are needed.
 */
export async function main(argv: readonly string[], io?: Io): Promise<number> {
  const way = route(argv)
  switch (way.kind) {
    case 'version':
      return answer(io, 'stdout', `trust-registry ${version}\n`, 0)
    case 'help': {
      const texts = await helpTexts()
      return answer(io, 'stdout', way.command === undefined ? texts.root : texts.commands[way.command], 0)
    }
    case 'nothing': {
      const { root } = await helpTexts()
      return answer(io, 'stderr', `${root}\ntrust-registry: a registry or a command is missing\n`, 2)
    }
    case 'apply':
    case 'unknown-command':
    case 'late-command':
    case 'run': {
      const { dispatch } = await import('./dispatch.ts')
      return dispatch(way, argv, io)
    }
  }
}

async function helpTexts(): Promise<HelpTexts> {
  return prerendered() ?? (await import('./help.ts')).renderHelp()
}

/** Straight to the descriptor: opening process.stdout costs more than everything else here together. */
function answer(io: Io | undefined, stream: 'stdout' | 'stderr', text: string, exitCode: number): number {
  if (io !== undefined) {
    io[stream].write(text)
    return exitCode
  }
  const bytes = Buffer.from(text)
  let written = 0
  try {
    written = process.getBuiltinModule('node:fs').writeSync(stream === 'stdout' ? 1 : 2, bytes)
  } catch (error) {
    // A pipe that is full for the moment (EAGAIN) is the stream's business; a closed one is nobody's.
    if (error instanceof Error && 'code' in error && error.code === 'EPIPE') return exitCode
  }
  if (written < bytes.length) process[stream].write(bytes.subarray(written))
  return exitCode
}
