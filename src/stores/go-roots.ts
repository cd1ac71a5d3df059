import { posix } from 'node:path'
import { errorCode } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'
import { CertPool } from '../x509/index.ts'

/** Go's lists for Linux (crypto/x509 root_linux.go); the first file that can be read wins, then every folder. */
const FILES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
]
const FOLDERS = ['/etc/ssl/certs', '/etc/pki/tls/certs']

const MAX_FILES = 4096
const MAX_LINKS = 8
const NOTHING = Buffer.alloc(0)
const MAX_FILE = 4 * 1024 * 1024

export interface GoRoots {
  readonly pool: CertPool
  /** The bundle that was read, for messages. */
  readonly bundle?: string
  /** The youngest change of anything that was read, in milliseconds since 1970. */
  readonly changedMs: number
  /** Something could not be read without privilege. */
  readonly partial: boolean
}

export interface GoRootsEnvironment {
  readonly SSL_CERT_FILE?: string
  readonly SSL_CERT_DIR?: string
}

/**
 * The OS store as a Go program on this machine reads it at its first verification
 * (crypto/x509 root_unix.go loadSystemRoots). `env` is the program's own environment.
 */
export async function readGoRoots(machine: Machine, env: GoRootsEnvironment = {}): Promise<GoRoots> {
  const pool = new CertPool()
  let changedMs = 0
  let partial = false
  let bundle: string | undefined
  // Debian keeps each certificate of the bundle in a file of its own, too, to the byte; once is enough to read
  // it. Not where the bundle is odd in any way: then the text of a block does not tell what Go makes of it.
  let known: ReadonlySet<string> = new Set()

  const noteDenied = (error: unknown): undefined => {
    if (errorCode(error) === 'EACCES') partial = true
  }
  const take = (path: string, bytes: Buffer, changed: number): void => {
    pool.addPem(bytes, { origin: path })
    changedMs = Math.max(changedMs, changed)
  }

  for (const path of env.SSL_CERT_FILE ? [env.SSL_CERT_FILE] : FILES) {
    const bytes = await machine.read(path, MAX_FILE).catch(noteDenied)
    if (bytes === undefined) continue
    take(path, bytes, await changeOf(machine, path).catch(() => 0))
    const blocks = bytes.toString('latin1').split(/(?=-----BEGIN CERTIFICATE-----)/)
    bundle = path
    if (blocks.length === pool.size) known = new Set(blocks)
    break
  }
  const folders = env.SSL_CERT_DIR ? env.SSL_CERT_DIR.split(':').filter((name) => name !== '') : FOLDERS
  for (const folder of folders) {
    // Hash links point beside themselves; Go skips them since it reads their targets anyway (isSameDirSymlink).
    const limits = { files: MAX_FILES, bytes: MAX_FILE, skipLocalLinks: true }
    for (const file of (await machine.readFolder(folder, limits).catch(noteDenied)) ?? []) {
      const path = posix.join(folder, file.name)
      if (file.error === 'EACCES') partial = true
      if (file.bytes === undefined || path === bundle) continue
      const again = known.has(file.bytes.toString('latin1'))
      take(path, again ? NOTHING : file.bytes, file.changedMs)
    }
  }
  return { pool, changedMs, partial, ...(bundle === undefined ? {} : { bundle }) }
}

/** The youngest change on the way to a file: a bundle is often a link, as on Red Hat. */
async function changeOf(machine: Machine, path: string): Promise<number> {
  let youngest = 0
  let next = path
  for (let hop = 0; hop < MAX_LINKS; hop++) {
    const info = await machine.stat(next)
    youngest = Math.max(youngest, info?.changedMs ?? 0)
    if (info?.linkTarget === undefined) break
    next = posix.resolve(posix.dirname(next), info.linkTarget)
  }
  return youngest
}
