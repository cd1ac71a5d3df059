import { posix } from 'node:path'
import { errorCode } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'
import { CertPool, keyPairFailure, readPool, type GoVersion } from '../x509/index.ts'
import { ignoredIn } from './certs-d.ts'
import { goMessage, readOrWhy } from './certs-read.ts'
import type { IgnoredFile, TrustDirectory, TrustFault } from './engine.ts'

/**
 * Reads `certs.d/HOST:PORT` as BuildKit's resolver does, which dockerd 20.10 to 27 has for builds and, from 23, for
 * pulls into containerd's store (buildkit util/resolver): what does not parse in a `*.crt` is dropped; a `*.cert`
 * needs its key, a key alone is passed over, and so is a directory that may not be opened.
 */
export async function readBuildkit(
  machine: Machine,
  path: string,
  go: GoVersion | undefined,
): Promise<TrustDirectory> {
  const pool = new CertPool()
  const ignored: IgnoredFile[] = []
  const symlink = (await machine.stat(path).catch(() => undefined))?.kind === 'symlink'
  const base = { path, pool, ignored, misnamed: [], symlink }
  let names: readonly string[] | undefined
  try {
    names = await machine.list(path)
  } catch (error) {
    if (errorCode(error) === 'EACCES') return { ...base, state: 'unreadable' }
    const message = goMessage(path, error, go)
    return { ...base, state: 'unreadable', fatal: { code: 'trust-directory-unreadable', path, message } }
  }
  if (names === undefined) return { ...base, state: 'absent' }
  let fatal: TrustFault | undefined
  for (const name of names.filter((entry) => entry.endsWith('.crt'))) {
    const file = posix.join(path, name)
    const found = await readOrWhy(machine, file, go)
    if (typeof found === 'string') {
      fatal ??= {
        code: 'trust-directory-unreadable',
        path: file,
        message: `failed to read ${file}: ${found}`,
      }
    } else {
      const { certificates, ignored: lost } = readPool(found, go)
      for (const certificate of certificates) pool.add(certificate, file)
      ignored.push(...ignoredIn(file, lost))
    }
  }
  for (const name of names.filter((entry) => entry.endsWith('.cert'))) {
    fatal ??= await pairFault(machine, posix.join(path, name), go)
  }
  return { ...base, state: 'read', ...(fatal ? { fatal } : {}) }
}

async function pairFault(
  machine: Machine,
  path: string,
  go: GoVersion | undefined,
): Promise<TrustFault | undefined> {
  const [certificate, key] = await Promise.all(
    [path, path.replace(/\.cert$/, '.key')].map((file) => readOrWhy(machine, file, go)),
  )
  const why = [certificate, key].find((found) => typeof found === 'string')
  const unfit =
    Buffer.isBuffer(certificate) && Buffer.isBuffer(key) ? keyPairFailure(certificate, key) : undefined
  if (why === undefined && unfit === undefined) return undefined
  const code = why === undefined ? 'client-key-mismatch' : 'client-cert-orphan'
  return { code, path, message: `failed to load keypair for ${path}: ${String(why ?? unfit)}` }
}
