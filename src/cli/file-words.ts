import { TrustError } from '../errors.ts'
import { shellWord } from '../machine/shell.ts'
import { isThere } from './files.ts'

const CERTIFICATE_NAME = /\.(?:pem|crt|cer|der|p7b|p7c)$/i

/**
 * A file flag takes one file, so that the second of `--ca a.pem b.pem` stands among the registries. The first word is a
 * registry whatever its letters are, unless there is a file of that name; one with a port is never a file.
 * @throws TrustError `usage`
 */
export async function refuseFiles(words: readonly string[], ca: readonly string[]): Promise<void> {
  if (ca.length === 0) return
  const files: string[] = []
  for (const [index, word] of words.entries()) {
    if (!CERTIFICATE_NAME.test(word)) continue
    if ((index > 0 && !word.includes('/')) || (await isThere(word))) files.push(word)
  }
  const [first] = files
  if (first === undefined) return
  throw new TrustError(
    'usage',
    `${JSON.stringify(first.slice(0, 300))} stands where a registry is expected, and bears the name of a certificate's file: say --ca once per file`,
    { fix: [...ca, ...files].map((path) => `--ca ${shellWord(path)}`).join(' ') },
  )
}
