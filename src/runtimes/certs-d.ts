import { posix } from 'node:path'
import { errorCode } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'
import { shellWord } from '../machine/shell.ts'
import type { Target } from '../registry/reference.ts'
import { CertPool, readPool, type GoVersion, type PemIssue } from '../x509/index.ts'
import { pairFault } from './certs-pairs.ts'
import { goMessage } from './certs-read.ts'
import type { IgnoredFile, TrustDirectory, TrustFault } from './engine.ts'

const LOOKS_LIKE_CA = /\.(?:pem|cer|der|ca|crt\.\w+|bundle)$/i

export interface ClassicReader {
  readonly go?: GoVersion
  /** Docker 23 and later word one message anew. */
  readonly modern: boolean
  /** containers/image passes over what it may not open and over links to nothing; Docker stops there. */
  readonly family?: 'docker' | 'containers'
}

/**
 * Reads `certs.d/HOST:PORT` as dockerd's classic loader does (moby registry.go loadTLSConfig), and podman's library
 * after it (containers/image tlsclientconfig.go SetupCertificates): every `*.crt` is appended and what does not parse
 * in it is dropped without a word; `*.cert` and `*.key` must come in pairs that fit; a directory that cannot be read
 * fails every request of Docker.
 */
export async function readClassic(
  machine: Machine,
  path: string,
  engine: ClassicReader,
): Promise<TrustDirectory> {
  const pool = new CertPool()
  const ignored: IgnoredFile[] = []
  const symlink = (await machine.stat(path).catch(() => undefined))?.kind === 'symlink'
  const base = { path, pool, ignored, misnamed: [], symlink }
  const lenient = engine.family === 'containers'
  const unreadable = (file: string, error: unknown): TrustDirectory => ({
    ...base,
    state: 'unreadable',
    fatal: { code: 'trust-directory-unreadable', path: file, message: goMessage(file, error, engine.go) },
  })
  let names: readonly string[] | undefined
  try {
    names = await machine.list(path)
  } catch (error) {
    if (lenient && errorCode(error) === 'EACCES') {
      const reason = 'whoever runs it may not open it, and it is passed over'
      const shut = { path, reason, fix: `chmod a+rX ${shellWord(path)}` }
      return { ...base, state: 'unreadable', ignored: [shut] }
    }
    return unreadable(path, error)
  }
  if (names === undefined) return { ...base, state: 'absent' }

  let fatal: TrustFault | undefined
  for (const name of names) {
    const file = posix.join(path, name)
    if (name.endsWith('.crt')) {
      try {
        const bytes = await machine.read(file)
        if (bytes === undefined && lenient) {
          ignored.push({ path: file, reason: 'it is a link to nothing' })
          continue
        }
        if (bytes === undefined) throw Object.assign(new Error('a link to nothing'), { code: 'ENOENT' })
        ignored.push(...appendCrt(pool, bytes, file, engine.go))
      } catch (error) {
        // The first fault in the order of the names is the one that the engine stops at.
        return { ...unreadable(file, error), ...(fatal ? { fatal } : {}) }
      }
    } else if (name.endsWith('.cert') || name.endsWith('.key')) {
      fatal ??= await pairFault(machine, path, name, names, engine)
    } else if (LOOKS_LIKE_CA.test(name)) {
      ignored.push({ path: file, reason: 'only names that end in .crt are read' })
    }
  }
  return { ...base, state: 'read', ...(fatal ? { fatal } : {}) }
}

function appendCrt(pool: CertPool, bytes: Buffer, file: string, go: GoVersion | undefined): IgnoredFile[] {
  const { certificates, ignored } = readPool(bytes, go)
  for (const certificate of certificates) pool.add(certificate, file)
  return ignoredIn(file, ignored)
}

/** What Go passes over in a file, in one line. */
export function ignoredIn(file: string, issues: readonly PemIssue[]): IgnoredFile[] {
  return issues.length === 0 ? [] : [{ path: file, reason: issues.map((issue) => issue.message).join('; ') }]
}

/** Directories that were probably meant for this registry: no port or 443, `_` for `:`, one letter off. */
export async function misnamed(machine: Machine, right: string, target: Target): Promise<readonly string[]> {
  const base = posix.dirname(right)
  const names = (await machine.list(base).catch(() => undefined)) ?? []
  return names
    .filter((name) => !isOtherPort(name, target) && looksMeant(name.toLowerCase(), target))
    .map((name) => posix.join(base, name))
    .filter((path) => path !== right)
}

// Several registries on one host are nothing strange.
function isOtherPort(name: string, target: Target): boolean {
  const port = name.startsWith(`${target.host}:`) ? name.slice(target.host.length + 1) : ''
  return /^[0-9]+$/.test(port) && Number(port) !== target.port
}

function looksMeant(name: string, target: Target): boolean {
  const full = `${target.host}:${target.port}`
  const flattened = (text: string): string => text.replace(/^https?[:_]*\/*/, '').replace(/[^a-z0-9.]/g, '')
  return (
    flattened(name) === flattened(full) || flattened(name) === flattened(target.host) || oneOff(name, full)
  )
}

/** Whether one insertion, deletion, replacement or swap of neighbours turns one name into the other. */
function oneOff(a: string, b: string): boolean {
  const common = (x: readonly string[], y: readonly string[]): number => {
    const end = x.findIndex((char, index) => char !== y[index])
    return end === -1 ? x.length : end
  }
  const [left, right] = [Array.from(a), Array.from(b)]
  const start = common(left, right)
  const [restA, restB] = [left.slice(start).reverse(), right.slice(start).reverse()]
  const same = common(restA, restB)
  const [oddA, oddB] = [restA.slice(same).reverse().join(''), restB.slice(same).reverse().join('')]
  if (oddA.length <= 1 && oddB.length <= 1) return true
  return oddA.length === 2 && Array.from(oddA).reverse().join('') === oddB
}
