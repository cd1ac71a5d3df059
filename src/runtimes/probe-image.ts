/** A repository that no registry has: the answer shows TLS, not content. */
export const PROBE_REPOSITORY = 'trust-registry-probe'

/** No content has this digest, so that nothing can be pulled, whatever a registry calls its repositories. */
export const PROBE_DIGEST = `sha256:${'0'.repeat(64)}`
