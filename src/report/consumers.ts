import type { Consumer, ConsumerState } from '../judge/judgement.ts'
import type { Style, Tone } from './style.ts'
import { tableLines, type Cell } from './table.ts'

const MAX_ERROR = 400

/** One row a program: what it makes of the chain, where it looks, and the very line that it prints. */
export function consumerRows(consumers: readonly Consumer[], style: Style): string[][] {
  const rows = tableLines(
    consumers.map((consumer) => row(consumer, style)),
    style,
  )
  return rows.map((line, index) => {
    const consumer = consumers[index]
    return [` ${line}`, ...(consumer === undefined ? [] : errorLines(consumer, style))]
  })
}

function row(consumer: Consumer, style: Style): Cell[] {
  const state = stateCell(consumer, style)
  const name = { text: style.safe(consumer.name, 40), tone: 'strong' } as const
  if (consumer.trustLocation === undefined) return [name, state]
  return [name, state, { text: `looks in ${style.safe(consumer.trustLocation)}`, tone: 'dim' }]
}

function stateCell(consumer: Consumer, style: Style): Cell {
  const { glyph } = style
  const words: Readonly<Record<ConsumerState, readonly [string, string, Tone]>> = {
    trusted: [glyph.good, 'trusted', 'good'],
    refused: [glyph.bad, 'REFUSED', 'bad'],
    unchecked: [glyph.warn, 'does not check', 'warn'],
    unknown: [glyph.unknown, 'unknown', 'warn'],
  }
  const [mark, word, tone] = words[consumer.state]
  const notes = [
    ...(consumer.assumed ? ['assumed'] : []),
    ...(consumer.required || consumer.state === 'trusted' ? [] : ['not needed']),
  ]
  const text = `${mark} ${word}${notes.length > 0 ? ` (${notes.join(', ')})` : ''}`
  return { text, tone: consumer.required || consumer.state === 'trusted' ? tone : 'plain' }
}

/** Not wrapped: people copy these lines into a search engine. */
function errorLines(consumer: Consumer, style: Style): string[] {
  const { predictedError, observedError } = consumer
  const line = (label: string, text: string): string =>
    `   ${style.paint('dim', label)} ${style.safe(text, style.verbose ? undefined : MAX_ERROR)}`
  if (observedError !== undefined) {
    const same = predictedError === undefined || causeOf(predictedError) === causeOf(observedError)
    return [line('prints:', observedError), ...(same ? [] : [line('foreseen:', predictedError)])]
  }
  return predictedError === undefined ? [] : [line('will print:', predictedError)]
}

/** A program words the same fault anew for each of its commands: what it asked for, and what came back, is the same. */
function causeOf(line: string): string {
  return line.slice(Math.max(line.search(/Get "?https:/), 0))
}
