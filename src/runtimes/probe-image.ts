import type { Target } from '../registry/reference.ts'
import type { ApiRequest } from './docker-api.ts'

/** A repository that no registry has: the answer shows TLS, not content. */
export const PROBE_REPOSITORY = 'trust-registry-probe'

/** No content has this digest, so that nothing can be pulled, whatever a registry calls its repositories. */
export const PROBE_DIGEST = `sha256:${'0'.repeat(64)}`

/** A pull through the daemon's own image path, into whichever store it has (Engine API, `ImageCreate`). */
export function pullProbe({ registry }: Target): Pick<ApiRequest, 'method' | 'path'> {
  const from = encodeURIComponent(`${registry}/${PROBE_REPOSITORY}`)
  return { method: 'POST', path: `/images/create?fromImage=${from}&tag=${PROBE_DIGEST}` }
}
