import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import { TrustError } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'
import { shellWord } from '../machine/shell.ts'
import { field, text } from './docker-api.ts'

const LIMIT = 1024 * 1024

export interface DockerEndpoint {
  /** `unix://…`, `tcp://…`, `ssh://…`; undefined: the engine of this computer, at the usual place. */
  readonly host: string | undefined
  /** What named it. */
  readonly why: string
  /** The name of the context that it comes from. */
  readonly context?: string
  /** Of `tcp://`: the folder with ca.pem, cert.pem and key.pem, where TLS is spoken and checked. */
  readonly certs?: string
}

/**
 * The engine that `docker` would speak to: DOCKER_HOST, then DOCKER_CONTEXT, then the current context of config.json
 * (docker/cli cli/command/cli.go resolveContextName); a context's file is named by the SHA-256 of its name.
 * @throws TrustError `policy` for a context that is not there or cannot be read
 */
export async function dockerEndpoint(
  home: Machine,
  env: Readonly<Record<string, string | undefined>>,
): Promise<DockerEndpoint> {
  const direct = env['DOCKER_HOST'] ?? ''
  const own = env['DOCKER_CONFIG'] ?? ''
  const folder = own === '' ? posix.join(home.who().invoker.home, '.docker') : posix.resolve(own)
  if (direct !== '') {
    const path = env['DOCKER_CERT_PATH'] ?? ''
    const certs = path === '' ? folder : posix.resolve(path)
    // Any word but none means yes (docker/cli cli/flags/options.go).
    return { host: direct, why: 'DOCKER_HOST', ...(env['DOCKER_TLS_VERIFY'] ? { certs } : {}) }
  }
  const named = env['DOCKER_CONTEXT'] ?? ''
  const name =
    named === '' ? text(field(await json(home, posix.join(folder, 'config.json')), 'currentContext')) : named
  if (name === undefined || name === '' || name === 'default') return { host: undefined, why: 'default' }
  const digest = createHash('sha256').update(name).digest('hex')
  const meta = posix.join(folder, 'contexts', 'meta', digest, 'meta.json')
  const endpoint = field(await json(home, meta), 'Endpoints', 'docker')
  const host = text(field(endpoint, 'Host'))
  const why = `the Docker context ${JSON.stringify(name)}`
  if (host !== undefined && host !== '') {
    const certs = posix.join(folder, 'contexts', 'tls', digest, 'docker')
    const checked =
      field(endpoint, 'SkipTLSVerify') !== true && (await isThere(home, posix.join(certs, 'ca.pem')))
    return { host, why, context: name, ...(checked ? { certs } : {}) }
  }
  throw new TrustError('policy', `${why} names no engine: ${meta} cannot be used`, {
    fix: `docker context inspect ${shellWord(name)}; docker context use default`,
  })
}

async function isThere(home: Machine, path: string): Promise<boolean> {
  return (await home.stat(path).catch(() => undefined)) !== undefined
}

/** Undefined where there is no such file, or no JSON in it. */
export async function json(home: Machine, path: string): Promise<unknown> {
  const bytes = await home.read(path, LIMIT).catch(() => undefined)
  try {
    return JSON.parse(bytes?.toString('utf8') ?? '') as unknown
  } catch {
    return undefined
  }
}
