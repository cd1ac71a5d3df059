/**
 * A class of characters by Unicode's properties, compiled when the first one is asked about: V8 takes a millisecond
 * for some of them, also to read a literal, and most output is ASCII.
 *
 * @param source of a regular expression with the flag `u`
 */
export function unicodeClass(source: string): (char: string) => boolean {
  let compiled: RegExp | undefined
  return (char) => (compiled ??= new RegExp(source, 'u')).test(char)
}
