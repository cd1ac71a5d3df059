import { TrustError } from '../errors.ts'
import { parseRegistry } from '../registry/reference.ts'
import { readNamedFile } from './files.ts'

const MAX_LIST = 1024 * 1024

/** `--file LIST`: a registry a line; `#` begins a comment; blank lines do not count. */
export async function readList(path: string): Promise<string[]> {
  const bytes = await readNamedFile(path, 'the list', MAX_LIST)
  const registries = parseList(path, bytes.toString('utf8'))
  if (registries.length === 0) {
    throw new TrustError('bad-file', `the list ${JSON.stringify(path)} holds no registry`)
  }
  return registries
}

export function parseList(path: string, text: string): string[] {
  const lines = text.replace(/^\u{feff}/u, '').split(/\r?\n/)
  return lines.flatMap((line, index) => {
    const entry = line.replace(/#.*$/, '').trim()
    if (entry === '') return []
    try {
      parseRegistry(entry)
    } catch (error) {
      if (!(error instanceof TrustError)) throw error
      throw new TrustError(error.code, `line ${index + 1} of ${JSON.stringify(path)}: ${error.message}`, {
        ...(error.fix !== undefined && { fix: error.fix }),
        cause: error,
      })
    }
    return [entry]
  })
}
