import type { Challenge } from './observation.ts'

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"

/**
 * Reads `WWW-Authenticate` lines as Docker's client does: one challenge per header line, keys in lower case,
 * reading stops without a word at the first malformed pair (distribution, challenge/authchallenge.go).
 * Any other reading would let a registry show us one realm and Docker another. Challenges that are comma-joined
 * in one line are not split, since no Go client splits them either; all lines count, since Docker tries them
 * all, and the size of the headers bounds them.
 */
export function parseChallenges(lines: readonly string[]): readonly Challenge[] {
  return lines.flatMap((line) => {
    const scheme = new RegExp(`^[ \\t]*(${TOKEN})`).exec(line)
    if (!scheme?.[1]) return []
    return [{ scheme: scheme[1].toLowerCase(), parameters: parseParameters(line.slice(scheme[0].length)) }]
  })
}

function parseParameters(text: string): Readonly<Record<string, string>> {
  const pairs: [string, string][] = []
  const pair = new RegExp(
    `[ \\t\\r\\n]*(${TOKEN})=(?:"((?:[^"\\\\]|\\\\.)*)"|(${TOKEN}))[ \\t\\r\\n]*(,?)`,
    'sy',
  )
  for (let found = pair.exec(text); found !== null; found = pair.exec(text)) {
    const value = found[2]?.replace(/\\(.)/gs, '$1') ?? found[3] ?? ''
    if (value === '') break
    pairs.push([(found[1] ?? '').toLowerCase(), value])
    if (found[4] === '') break
  }
  return Object.fromEntries(pairs)
}
