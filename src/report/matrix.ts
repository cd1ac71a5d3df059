import type { Consumer, ConsumerState } from '../judge/judgement.ts'
import type { RegistryDocument } from './document.ts'
import { clip, clipMiddle, width } from './layout.ts'
import type { Style, Tone } from './style.ts'
import { tableLines, type Cell } from './table.ts'

const MAX_ERROR = 400
const MAX_NAME = 20
const MAX_SCHEME = 8
const WHERE = 'where'
/** Before a path that has a line of its own. */
const INDENT = '   in '

type Column = (consumer: Consumer) => Cell

/**
 * One row a program: whether the chain came before it, what it makes of it, what `/v2/` answers it, which login that
 * takes, and where it looks. Below it the very line that it prints, unless a row above says it already. Rows keep to the columns of the screen; a path that does not fit gets a line of its own.
 */
export function consumerRows(document: RegistryDocument, style: Style): string[][] {
  const { consumers } = document
  if (consumers.length === 0) return []
  const columns = columnsOf(document, style)
  const heads = [...columns.keys()].map((text): Cell => ({ text, tone: 'dim' }))
  const cells = consumers.map((consumer) => [...columns.values()].map((cell) => cell(consumer)))
  const places = consumers.map((consumer, index) => placeOf(consumer, consumers[index - 1], style))
  const widths = heads.map((head, column) =>
    Math.max(...[head, ...cells.map((row) => row[column])].map((cell) => width(cell?.text ?? ''))),
  )
  const room = style.columns - 1 - widths.reduce((sum, one) => sum + one + 2, 0)
  const fits = places.map((place) => place === '' || Math.max(width(place), WHERE.length) <= room)
  const rows = cells.map((row, index): Cell[] =>
    fits[index] === true ? [...row, { text: places[index] ?? '', tone: 'dim' }] : row,
  )
  const beside = places.some((place, index) => place !== '' && fits[index] === true)
  const where: Cell = { text: beside ? WHERE : '', tone: 'dim' }
  const [head = '', ...lines] = tableLines([[...heads, where], ...rows.map((row) => [...row])], style)
  const printed = new Set<string>()
  return lines.map((line, index) => {
    const consumer = consumers[index]
    const place = places[index] ?? ''
    return [
      ...(index === 0 ? [` ${head}`] : []),
      ` ${line}`,
      ...(fits[index] === true ? [] : [placeLine(place, style)]),
      ...(consumer === undefined ? [] : errorLines(consumer, printed, style)),
    ]
  })
}

/** What nothing is known of, for instance where files were judged, has no column. */
function columnsOf(document: RegistryDocument, style: Style): ReadonlyMap<string, Column> {
  const ping = document.probe?.ping
  const columns = new Map<string, Column>([
    [
      'program',
      ({ name }) => ({ text: clip(style.safe(name, 40), MAX_NAME, style.glyph.ellipsis), tone: 'strong' }),
    ],
  ])
  // Files were judged: nothing was sent.
  const files = document.consumers.some(({ name }) => name === 'go')
  if (document.probe !== undefined && !files) columns.set('sees', (consumer) => seesCell(consumer, style))
  columns.set('trusts', (consumer) => trustCell(consumer, style))
  if (ping !== undefined) {
    columns.set('/v2/', (consumer) => answerCell(consumer, String(ping.status), style))
    columns.set('login', (consumer) => loginCell(consumer, document, style))
  }
  return columns
}

function seesCell({ state, seesChain, assumed }: Consumer, { glyph }: Style): Cell {
  const seen =
    seesChain ?? (assumed !== true && (state === 'trusted' || state === 'refused') ? true : undefined)
  if (seen === undefined) return { text: state === 'unchecked' ? glyph.none : glyph.unknown }
  return seen ? { text: glyph.good } : { text: glyph.bad, tone: 'bad' }
}

/** Capitals for what success depends on. */
function trustCell({ state, required, assumed, predictedError }: Consumer, { glyph }: Style): Cell {
  if (state === 'unknown' && assumed === true) {
    return { text: `${glyph.unknown} ${predictedError === undefined ? 'likely' : 'unlikely'}`, tone: 'warn' }
  }
  const words: Readonly<Record<ConsumerState, readonly [string, string, Tone]>> = {
    trusted: [glyph.good, 'trusted', 'good'],
    refused: [glyph.bad, required ? 'REFUSED' : 'refused', 'bad'],
    unchecked: [glyph.warn, 'unchecked', 'warn'],
    unknown: [glyph.unknown, 'unknown', 'warn'],
  }
  const [mark, word, tone] = words[state]
  const text = `${mark} ${word}${assumed === true ? ' (assumed)' : ''}`
  return { text, tone: required || state === 'trusted' ? tone : 'plain' }
}

/** Behind a chain that is refused nobody gets to hear an answer. */
function answerCell({ state }: Consumer, answer: string, { glyph }: Style): Cell {
  if (state === 'unknown') return { text: glyph.unknown }
  return { text: state === 'refused' ? glyph.none : answer }
}

/** The login that `/v2/` asks for, and whether it worked where it was tried. */
function loginCell(consumer: Consumer, { probe, login, consumers }: RegistryDocument, style: Style): Cell {
  const { glyph } = style
  const [first] = consumers.filter(({ required, state }) => required && state === 'trusted')
  if (login?.attempted === true && consumer === first) {
    return login.ok ? { text: glyph.good, tone: 'good' } : { text: glyph.bad, tone: 'bad' }
  }
  const { status, challenges = [] } = probe?.ping ?? {}
  const [scheme] = challenges
  const asked =
    scheme === undefined ? glyph.none : scheme.scheme.replace(/^./, (letter) => letter.toUpperCase())
  const text = clip(style.safe(asked, 40), MAX_SCHEME, glyph.ellipsis)
  return answerCell(consumer, status === 200 ? 'none' : text, style)
}

function placeOf(consumer: Consumer, above: Consumer | undefined, style: Style): string {
  const { trustLocation, required, state } = consumer
  const notes = required || state === 'trusted' ? [] : ['not needed']
  if (trustLocation === undefined) return notes.join('')
  const same = trustLocation === above?.trustLocation
  return [same ? 'as above' : style.safe(trustLocation), ...notes].join(', ')
}

function placeLine(place: string, style: Style): string {
  const room = style.verbose ? Number.POSITIVE_INFINITY : style.columns - INDENT.length
  return INDENT + style.paint('dim', clipMiddle(place, room, style.glyph.ellipsis))
}

/** Not wrapped: people copy these lines into a search engine. */
function errorLines(consumer: Consumer, printed: Set<string>, style: Style): string[] {
  const { predictedError, observedError } = consumer
  const said = observedError ?? predictedError
  if (said === undefined) return []
  const line = (label: string, text: string): string =>
    `   ${style.paint('dim', label)} ${style.safe(text, style.verbose ? undefined : MAX_ERROR)}`
  const differs =
    observedError !== undefined &&
    predictedError !== undefined &&
    causeOf(predictedError) !== causeOf(observedError)
  const fault = faultOf(said)
  // What is not needed has its say where nothing else has one.
  const told = printed.has(fault) || (!consumer.required && printed.size > 0)
  if (told && !differs && !style.verbose) return []
  printed.add(fault)
  if (observedError === undefined) return [line('will print:', said)]
  return [line('prints:', said), ...(differs ? [line('foreseen:', predictedError)] : [])]
}

/** A program words the same fault anew for each of its commands: what it asked for, and what came back, is the same. */
function causeOf(line: string): string {
  return line.slice(Math.max(line.search(/Get "?https:/), 0))
}

/** What Go complains of, without what was asked for. */
function faultOf(line: string): string {
  return line.replace(/^.*(?:Get|Head) "?https:[^\s"]*"?: (?:tls: failed to verify certificate: )?/, '')
}
