import { TrustError } from '../errors.ts'
import { readNamedFile } from './files.ts'
import type { Io } from './io.ts'

const MAX_PASSWORD = 64 * 1024

/**
 * The password from stdin or from the file that TRUST_REGISTRY_PASSWORD_FILE names; undefined when
 * neither was chosen, so that a prompt may ask. Never from an argument or a variable.
 */
export async function readPassword(io: Io, fromStdin: boolean): Promise<string | undefined> {
  if (fromStdin) return checked(await readAll(io), 'stdin')
  return passwordFrom(io.env, 'TRUST_REGISTRY_PASSWORD_FILE')
}

/** From the file that a variable names; undefined where it names none. */
export async function passwordFrom(env: Io['env'], variable: string): Promise<string | undefined> {
  const path = env[variable]
  if (path === undefined || path === '') return undefined
  const bytes = await readNamedFile(path, 'the password file', MAX_PASSWORD)
  return checked(bytes, `the file that ${variable} names`)
}

async function readAll(io: Io): Promise<Buffer> {
  if (io.stdin.isTTY === true) {
    throw new TrustError('usage', '--password-stdin reads a pipe or a file, and stdin is the terminal', {
      fix: '--password-stdin < FILE      # or leave --password-stdin away to be asked',
    })
  }
  // Somebody may wait here for a pipe that never ends.
  const stop = (): void => {
    io.stdin.destroy(new TrustError('interrupted', 'interrupted while the password was read'))
  }
  io.signal.addEventListener('abort', stop, { once: true })
  try {
    return await collect(io.stdin)
  } finally {
    io.signal.removeEventListener('abort', stop)
  }
}

async function collect(stdin: Io['stdin']): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stdin as AsyncIterable<Buffer | string>) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    length += bytes.length
    if (length > MAX_PASSWORD) throw new TrustError('usage', 'the password on stdin is longer than 64 KiB')
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}

function checked(bytes: Buffer, where: string): string {
  const password = bytes.toString('utf8').replace(/\r?\n$/, '')
  if (password === '') throw new TrustError('usage', `the password from ${where} is empty`)
  if (password.includes('\0')) throw new TrustError('usage', `the password from ${where} holds NUL`)
  return password
}
