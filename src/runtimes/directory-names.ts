import type { Target } from '../registry/reference.ts'

/** `reg` and `reg:443` are the same registry and two directories, to every engine: the one for the typed name first. */
export function directoryNames(target: Target): readonly string[] {
  const host = target.kind === 'ipv6' ? `[${target.host}]` : target.host
  const twin = target.registry === host ? `${host}:443` : host
  return target.port === 443 ? [target.registry, twin] : [target.registry]
}
