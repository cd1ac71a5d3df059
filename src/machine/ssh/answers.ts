import type { FileInfo, FolderFile, FolderLimits, Owner, RunResult } from '../machine.ts'
import type { Answer } from './channel.ts'
import { codeOf, failure } from './words.ts'

/** stat(2), the type bits of a mode. */
const KINDS = new Map<number, FileInfo['kind']>([
  [0o100000, 'file'],
  [0o040000, 'directory'],
  [0o120000, 'symlink'],
])

export function orThrow(answer: Answer, what: string): Answer {
  if (answer.status !== '0') throw failure(answer.said, what)
  return answer
}

export function isAbsent({ status, said }: Answer): boolean {
  return status !== '0' && codeOf(said) === 'ENOENT'
}

export function tooLong(path: string, limit: number): Error {
  return Object.assign(new Error(`${path} has more than ${limit} bytes`), { code: 'EFBIG' })
}

/** `stat -c '%f %u %g %s %Y'`, and behind it the text of a link. */
export function fileInfo(body: Buffer): FileInfo {
  const [line = '', ...link] = body.toString('utf8').split('\n')
  const [mode, uid, gid, size, changed] = line.split(' ')
  const bits = Number.parseInt(mode ?? '', 16)
  const kind = KINDS.get(bits & 0o170000) ?? 'other'
  return {
    kind,
    mode: bits & 0o7777,
    ...{ uid: Number(uid), gid: Number(gid), size: Number(size) },
    changedMs: Number(changed) * 1000,
    ...(kind === 'symlink' ? { linkTarget: link.slice(0, -1).join('\n') } : {}),
  }
}

/** A record of a folder: name, times, and what is in it or, before `failed`, why it cannot be read. */
export function folderFile(record: Buffer, limits: FolderLimits, failed: string): FolderFile {
  const [head, rest] = [record.indexOf(0), record.indexOf(0, record.indexOf(0) + 1)]
  const name = record.subarray(0, head).toString('utf8')
  const times = record
    .subarray(head + 1, rest)
    .toString('latin1')
    .split(' ')
    .map(Number)
  const changedMs = Math.max(...times.filter((time) => !Number.isNaN(time)), 0) * 1000
  const bytes = record.subarray(rest + 1)
  const end = bytes.indexOf(failed)
  if (end !== -1) return { name, changedMs: 0, error: codeOf(bytes.subarray(0, end).toString('utf8')) }
  return bytes.length > limits.bytes ? { name, changedMs, error: 'EFBIG' } : { name, changedMs, bytes }
}

/** The exit code in a line of its own, stdout, and behind `mark` stderr. */
export function runResult(body: Buffer, mark: string): RunResult {
  const first = body.indexOf('\n')
  const code = body.subarray(0, first).toString('latin1')
  const [stdout = Buffer.alloc(0), stderr = Buffer.alloc(0)] = split(body.subarray(first + 1), mark)
  const timedOut = code === 'timeout'
  const result = { stdout: stdout.toString('utf8'), stderr: stderr.toString('utf8'), timedOut }
  // env(1): 126 and 127 where the program cannot be started.
  if (code === '126' || code === '127')
    return { ...result, exitCode: undefined, spawnError: result.stderr.trim() }
  return { ...result, exitCode: timedOut || Number(code) > 128 ? undefined : Number(code) }
}

export function ownerWord(owner: Owner | undefined): string {
  return owner ? `${owner.uid}:${owner.gid}` : '-'
}

export function octal(mode: number): string {
  return mode.toString(8)
}

export function split(bytes: Buffer, mark: string): Buffer[] {
  const parts: Buffer[] = []
  let start = 0
  for (let at = bytes.indexOf(mark); at !== -1; at = bytes.indexOf(mark, start)) {
    parts.push(bytes.subarray(start, at))
    start = at + mark.length
  }
  return [...parts, bytes.subarray(start)]
}
