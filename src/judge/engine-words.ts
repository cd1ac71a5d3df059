import type { Loader } from '../runtimes/engine.ts'
import type { GoVersion } from '../x509/index.ts'

/** How an engine words what went wrong when somebody logs in. */
export interface Words {
  readonly url: string
  /** A failed request, by Go's complaint. */
  readonly get: (complaint: string) => string
  /** A fault of its own files. */
  readonly local: (complaint: string) => string
  /** What it makes of answers other than a registry's is known. */
  readonly login: boolean
}

export function wordsOf(loader: Loader, registry: string, go: GoVersion): Words {
  const url = `https://${registry}/v2/`
  const get = (complaint: string): string => `Get ${go.minor < 14 ? url : `"${url}"`}: ${complaint}`
  if (loader === 'classic') return { url, get, local: (complaint) => complaint, login: true }
  // containers/image CheckAuth, as `podman login` prints it; the other commands begin with words of their own.
  const start = `authenticating creds for "${registry}": `
  return {
    url,
    get: (complaint) => `${start}pinging container registry ${registry}: ${get(complaint)}`,
    local: (complaint) => `${start}creating new docker client: ${complaint}`,
    login: false,
  }
}
