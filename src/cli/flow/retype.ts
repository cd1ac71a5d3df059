import { shellWord } from '../../machine/shell.ts'
import type { Options } from '../options.ts'

/** A line of advice that runs this program again, and the comment behind it. */
const OWN_LINE = /^((?:sudo )?trust-registry (?!--help\b)[^#]*?)( {2,}# .*)?$/
/** They look at nothing but the machine and its memory, and know no other way. */
const OF_MEMORY = /trust-registry (?:undo|status)(?= |$)/

/**
 * A verdict knows what to do, not how this run found its way: the engines that were named, the machine, the way there
 * and the memory are added to its lines, so that they mean the same when they are pasted.
 */
export function retyped(options: Options, fix: string): string {
  const ways: readonly (readonly [string, readonly string[]])[] = [
    ['--runtime', options.runtimes],
    ['--resolve', options.pins.map(({ host, port, address }) => `${host}:${port}:${address}`)],
    ['--proxy', options.proxy === undefined ? [] : [options.proxy]],
    ['--machine', options.machine === undefined ? [] : [options.machine.text]],
    ['--state-dir', options.stateDir === undefined ? [] : [options.stateDir]],
  ]
  return fix
    .split('\n')
    .map((line) => {
      const [, own, comment = ''] = OWN_LINE.exec(line) ?? []
      if (own === undefined) return line
      const more = ways
        .filter(([flag]) => !own.includes(` ${flag} `))
        .filter(([flag]) => !OF_MEMORY.test(own) || flag === '--machine' || flag === '--state-dir')
        .filter(([flag]) => flag !== '--state-dir' || !own.includes('trust-registry diagnose '))
        .flatMap(([flag, values]) => values.map((value) => ` ${flag} ${shellWord(value)}`))
      return `${own}${more.join('')}${comment}`
    })
    .join('\n')
}
