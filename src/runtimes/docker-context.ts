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
  if (direct !== '') return { host: direct, why: 'DOCKER_HOST' }
  const own = env['DOCKER_CONFIG'] ?? ''
  const folder = own === '' ? posix.join(home.who().invoker.home, '.docker') : posix.resolve(own)
  const named = env['DOCKER_CONTEXT'] ?? ''
  const name =
    named === '' ? text(field(await json(home, posix.join(folder, 'config.json')), 'currentContext')) : named
  if (name === undefined || name === '' || name === 'default') return { host: undefined, why: 'default' }
  const digest = createHash('sha256').update(name).digest('hex')
  const meta = posix.join(folder, 'contexts', 'meta', digest, 'meta.json')
  const host = text(field(await json(home, meta), 'Endpoints', 'docker', 'Host'))
  const why = `the Docker context ${JSON.stringify(name)}`
  if (host !== undefined && host !== '') return { host, why }
  throw new TrustError('policy', `${why} names no engine: ${meta} cannot be used`, {
    fix: `docker context inspect ${shellWord(name)}; docker context use default`,
  })
}

/** Undefined where there is no such file, or no JSON in it. */
async function json(home: Machine, path: string): Promise<unknown> {
  const bytes = await home.read(path, LIMIT).catch(() => undefined)
  try {
    return JSON.parse(bytes?.toString('utf8') ?? '') as unknown
  } catch {
    return undefined
  }
}
