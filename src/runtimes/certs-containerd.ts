import { posix } from 'node:path'
import { errorCode } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'
import { CertPool, keyPairFailure, type GoVersion } from '../x509/index.ts'
import { loadAuthorities, type LoadedFiles } from './certs-authorities.ts'
import { readOrWhy } from './certs-read.ts'
import { readHostsToml } from './hosts-toml.ts'
import type { TrustDirectory, TrustFault } from './engine.ts'

/**
 * The directories that containerd's loader looks for, in its order; the first that is there counts
 * (containerd core/remotes/docker/config hosts.go, config_unix.go hostPaths).
 */
export function hostDirectories(name: string): readonly string[] {
  const colon = name.lastIndexOf(':')
  const flat = colon > 0 ? [`${name.slice(0, colon)}_${name.slice(colon + 1)}_`] : []
  return [...flat, name, '_default']
}

/**
 * Reads a registry's directory as containerd does, and dockerd 28 for builds and for pulls into containerd's store.
 * A `hosts.toml` takes the place of all other files, unless it does not parse; a `*.crt` without a certificate ends
 * every request.
 */
export async function readContainerd(
  machine: Machine,
  base: string,
  name: string,
  go: GoVersion | undefined,
  rules: { readonly tablesOnly: boolean } = { tablesOnly: false },
): Promise<TrustDirectory> {
  const candidates = hostDirectories(name).map((entry) => posix.join(base, entry))
  const there = await Promise.all(candidates.map((path) => exists(machine, path)))
  if (there[0] instanceof Error) return outOfSight(candidates[0] ?? base, posix.join(base, name))
  const present = candidates.filter((_, index) => there[index])
  const path = present[0] ?? posix.join(base, name)
  const symlink = (await machine.stat(path).catch(() => undefined))?.kind === 'symlink'
  const bare = { path, ignored: [], misnamed: [], symlink }
  if (present.length === 0) return { ...bare, state: 'absent', pool: new CertPool() }
  const hides = await hiddenBy(machine, posix.join(base, '_default'), path)
  const rest = { ...bare, ...(hides ? { hides } : {}) }
  const shadowed = await Promise.all(
    present
      .slice(1)
      .map(async (other) => ({ path: other, pool: (await readFiles(machine, other, go)).pool })),
  )
  const toml = await readHostsToml(machine, path, name, go, rules)
  const files = await readFiles(machine, path, go)
  if (toml === undefined) return { ...rest, state: 'read', shadowed, ...files }
  if ('shut' in toml) return { ...rest, state: 'unreadable', shadowed, ...files, fatal: toml.shut }
  if ('passedOver' in toml) return { ...rest, state: 'read', shadowed, ...files, ignored: [toml.passedOver] }
  const { insecure, overriddenBy, editable, ...loaded } = toml
  return {
    ...rest,
    state: 'read',
    ...loaded,
    // The files beside it would have been read without it.
    shadowed: [{ path, pool: files.pool }, ...shadowed],
    overriddenBy,
    editable,
    ...(insecure ? { insecure } : {}),
  }
}

/** Settings and client certificates of `_default` that a directory of the registry's own, there, has no match for. */
async function hiddenBy(machine: Machine, defaults: string, own: string): Promise<TrustDirectory['hides']> {
  if (own === defaults) return undefined
  const [common, ours] = await Promise.all(
    [defaults, own].map(async (path) => (await machine.list(path).catch(() => [])) ?? []),
  )
  const missing = [/^hosts\.toml$/, /\.(?:cert|key)$/].filter(
    (kind) => ours?.some((name) => kind.test(name)) !== true,
  )
  const names = common?.filter((name) => missing.some((kind) => kind.test(name))) ?? []
  return names.length === 0 ? undefined : { path: defaults, names, own }
}

/** It looks for the first of the names, and stops where it may not even do that. */
function outOfSight(first: string, path: string): TrustDirectory {
  const message = `stat ${first}: permission denied`
  const fatal = { code: 'trust-directory-unreadable', path: first, message } as const
  return { path, state: 'unreadable', pool: new CertPool(), ignored: [], misnamed: [], symlink: false, fatal }
}

/** @returns an error where that may not be seen */
async function exists(machine: Machine, path: string): Promise<boolean | Error> {
  const info = await machine
    .stat(path)
    .catch((error: unknown) => (errorCode(error) === 'EACCES' ? new Error('out of sight') : true))
  if (typeof info === 'boolean' || info instanceof Error) return info
  if (info?.kind !== 'symlink') return info !== undefined
  return (await machine.list(path).catch(() => [])) !== undefined
}

async function readFiles(machine: Machine, path: string, go: GoVersion | undefined): Promise<LoadedFiles> {
  const pool = new CertPool()
  let names: readonly string[] | undefined
  try {
    names = await machine.list(path)
  } catch {
    // It looks for hosts.toml first, and stops where that cannot even be looked for.
    const message = await readOrWhy(machine, posix.join(path, 'hosts.toml'), go)
    const fatal = { code: 'trust-directory-unreadable', path, message: String(message) } as const
    return typeof message === 'string' ? { pool, fatal } : { pool }
  }
  const regular: string[] = []
  for (const name of names ?? []) {
    const info = await machine.stat(posix.join(path, name)).catch(() => undefined)
    if (info?.kind !== 'directory') regular.push(name)
  }
  const authorities = regular.filter((name) => name.endsWith('.crt')).map((name) => posix.join(path, name))
  const loaded = await loadAuthorities(machine, authorities, go)
  let { fatal } = loaded
  for (const name of regular.filter((entry) => entry.endsWith('.cert'))) {
    fatal ??= await pairFault(machine, path, name, regular, go)
  }
  return { pool: loaded.pool, ...(fatal ? { fatal } : {}) }
}

/** Where a certificate has no key beside it, the key is looked for in the certificate's own file. */
async function pairFault(
  machine: Machine,
  directory: string,
  name: string,
  names: readonly string[],
  go: GoVersion | undefined,
): Promise<TrustFault | undefined> {
  const key = name.replace(/\.cert$/, '.key')
  const own = names.includes(key)
  const path = posix.join(directory, name)
  const certificate = await readOrWhy(machine, path, go)
  const secret = own ? await readOrWhy(machine, posix.join(directory, key), go) : certificate
  const [shut] = [certificate, secret].filter((found) => typeof found === 'string')
  if (shut !== undefined) {
    const file = typeof certificate === 'string' ? path : posix.join(directory, key)
    const message = `unable to read CERT file "${file}": ${shut}`
    return { code: 'trust-directory-unreadable', path: file, message }
  }
  if (typeof certificate === 'string' || typeof secret === 'string') return undefined
  const why = keyPairFailure(certificate, secret)
  if (why === undefined) return undefined
  const code = own ? 'client-key-mismatch' : 'client-cert-orphan'
  return { code, path, message: `failed to load X509 key pair: ${why}` }
}
