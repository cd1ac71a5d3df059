import type { Approved, OwnedFile, RegistryRecord } from './model.ts'

/** What is installed for a registry by the plan that makes the record. */
export interface Installed {
  readonly since: string
  /** SHA-256 of the certificates whose files the plan writes. */
  readonly written: ReadonlySet<string>
  /** All files of ours, as they will be. */
  readonly files: readonly OwnedFile[]
}

/** The record that an approval leaves: the identity of before where it is the same, else the new one. */
export function recordAfter(
  before: RegistryRecord | undefined,
  registry: string,
  approved: Approved,
  installed: Installed,
): RegistryRecord {
  const { identity, anchor } = approved
  const { since } = installed
  if (!before) return { registry, identity, anchor: anchor.raw.toString('base64'), since }
  const { superseded: known = [], ...kept } = before
  const left = leftBehind({ ...before, superseded: known }, approved, installed)
  const rest = left.length === 0 ? {} : { superseded: left }
  if (before.identity.sha256 === identity.sha256) return { ...kept, ...rest }
  return { registry, identity, anchor: anchor.raw.toString('base64'), ...rest, since }
}

/**
 * What earlier identities leave behind: they themselves, and what was installed beside them, unless the new one
 * names it again. A certificate that is installed anew is wanted again.
 */
function leftBehind(
  before: Required<RegistryRecord>,
  approved: Approved,
  { written, files }: Installed,
): readonly string[] {
  const { identity, install, standing = [] } = approved
  const ours = files.flatMap(({ certificate, registries }) =>
    certificate !== undefined && registries.includes(before.registry) ? [certificate] : [],
  )
  const moved = identity.sha256 !== before.identity.sha256
  const named = new Set([...install.map(({ sha256 }) => sha256), ...standing])
  const old = new Set(
    before.superseded.filter((sha256) => !written.has(sha256) && !(moved && named.has(sha256))),
  )
  if (moved) for (const sha256 of ours) if (!named.has(sha256)) old.add(sha256)
  // Even where the --ca file still holds it: in a rotation old and new stand side by side.
  if (moved) old.add(before.identity.sha256)
  old.delete(identity.sha256)
  return [...new Set(ours)].filter((sha256) => old.has(sha256))
}
