import type { OsInfo } from './machine.ts'

const FAMILIES = new Map(
  Object.entries({
    debian: 'debian',
    ubuntu: 'debian',
    rhel: 'rhel',
    fedora: 'rhel',
    centos: 'rhel',
    amzn: 'rhel',
    suse: 'suse',
    opensuse: 'suse',
    sles: 'suse',
    arch: 'arch',
    alpine: 'alpine',
  }),
)

/** Reads os-release(5): shell-like assignments, quotes optional. */
export function parseOsRelease(text: string): OsInfo {
  const values = new Map<string, string>()
  for (const line of text.split('\n')) {
    const found = /^([A-Z_]+)=(.*)$/.exec(line.trim())
    if (found?.[1] !== undefined) values.set(found[1], (found[2] ?? '').replace(/^(["'])(.*)\1$/, '$2'))
  }
  const id = values.get('ID') ?? 'unknown'
  const names = [id, ...(values.get('ID_LIKE') ?? '').split(/\s+/)]
  const family = names
    .map((name) => FAMILIES.get(name.replace(/-.*$/, '')))
    .find((name) => name !== undefined)
  return { id, family: family ?? id }
}
