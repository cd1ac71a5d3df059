import type { Challenge } from './observation.ts'

const MAX_CHALLENGES = 16

/**
 * Reads `WWW-Authenticate` lines as Docker's client does: one challenge per header line, keys in lower case,
 * reading stops without a word at the first malformed pair (distribution, challenge/authchallenge.go).
 * Challenges that are comma-joined in one line are not split, since no Go client splits them either.
 */
export function parseChallenges(lines: readonly string[]): readonly Challenge[] {
  return lines.slice(0, MAX_CHALLENGES).flatMap((line) => {
    const scheme = /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)/.exec(line)
    if (!scheme?.[1]) return []
    return [{ scheme: scheme[1].toLowerCase(), parameters: parseParameters(line.slice(scheme[0].length)) }]
  })
}

function parseParameters(text: string): Readonly<Record<string, string>> {
  const pairs: [string, string][] = []
  const pair = /\s*,?\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",;=]+))\s*/y
  for (let found = pair.exec(text); found !== null; found = pair.exec(text)) {
    const value = found[2]?.replace(/\\(.)/g, '$1') ?? found[3] ?? ''
    if (value === '') break
    pairs.push([(found[1] ?? '').toLowerCase(), value])
  }
  return Object.fromEntries(pairs)
}
