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

/**
 * Schemes that stand behind a comma in one line (RFC 9110 section 11.6.1 allows it): a browser sees them, Docker and
 * podman do not. In lower case, in order; bounded by the size of the headers.
 */
export function hiddenSchemes(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => {
    const bare = line.replace(/"(?:[^"\\]|\\.)*"?/gs, '""')
    const [, ...rest] = bare.split(',')
    // A scheme ends with the part, or is followed by a space and no equals sign.
    return rest.flatMap((part) => {
      const scheme = new RegExp(`^[ \\t]*(${TOKEN})(?:[ \\t]+[^ \\t=]|[ \\t]*$)`).exec(part)
      return scheme?.[1] === undefined ? [] : [scheme[1].toLowerCase()]
    })
  })
}
