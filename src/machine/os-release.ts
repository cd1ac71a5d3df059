import type { Machine, OsInfo } from './machine.ts'

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

/** os-release(5) of the administrator, else of the vendor; undefined where there is neither. */
export async function releaseOf(machine: Pick<Machine, 'read'>): Promise<string | undefined> {
  const bytes = (await machine.read('/etc/os-release')) ?? (await machine.read('/usr/lib/os-release'))
  return bytes?.toString('utf8')
}

/** What it says of the system. */
export async function osOf(machine: Pick<Machine, 'read'>): Promise<OsInfo> {
  return parseOsRelease((await releaseOf(machine)) ?? '')
}

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
