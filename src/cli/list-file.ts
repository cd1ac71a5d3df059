import { TrustError } from '../errors.ts'
import { shellWord } from '../machine/shell.ts'
import { parseRegistry } from '../registry/reference.ts'
import { readNamedFile } from './files.ts'

const MAX_LIST = 1024 * 1024

/** A line that names no registry. */
export interface WrongLine {
  /** `line 3 of "list"`: what stands on it may be anything, a password among others. */
  readonly place: string
  readonly error: TrustError
}

export interface RegistryList {
  readonly registries: readonly string[]
  readonly wrong: readonly WrongLine[]
}

/**
 * `--file LIST`: a registry a line; `#` begins a comment; blank lines do not count.
 * @throws TrustError `bad-file`
 */
export async function readList(path: string): Promise<RegistryList> {
  const bytes = await readNamedFile(path, 'the list', MAX_LIST)
  const list = parseList(path, bytes.toString('utf8'))
  if (list.registries.length === 0 && list.wrong.length === 0) {
    throw new TrustError('bad-file', `the list ${JSON.stringify(path)} holds no registry`, {
      fix: `echo reg.corp:5000 >> ${shellWord(path)}`,
    })
  }
  return list
}

/** A wrong line is no reason not to serve the others. */
export function parseList(path: string, text: string): RegistryList {
  const registries: string[] = []
  const wrong: WrongLine[] = []
  const lines = text.replace(/^\u{feff}/u, '').split(/\r?\n/)
  for (const [index, line] of lines.entries()) {
    const entry = line.replace(/#.*$/, '').trim()
    if (entry === '') continue
    try {
      parseRegistry(entry)
      registries.push(entry)
    } catch (error) {
      if (!(error instanceof TrustError)) throw error
      wrong.push({ place: `line ${index + 1} of ${JSON.stringify(path)}`, error })
    }
  }
  return { registries, wrong }
}
