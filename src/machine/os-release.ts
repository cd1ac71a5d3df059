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

/** Red Hat and those built from it, which have os-release only since 7: "CentOS release 6.10 (Final)". */
const RED_HAT_6 = /release 6\b/
const MAX_RELEASE = 4096

/** What it says of the system. */
export async function osOf(machine: Pick<Machine, 'read'>): Promise<OsInfo> {
  const release = await releaseOf(machine)
  if (release !== undefined) return parseOsRelease(release)
  return (await isRedHat6(machine)) ? { id: 'rhel', family: 'rhel' } : parseOsRelease('')
}

export async function isRedHat6(machine: Pick<Machine, 'read'>): Promise<boolean> {
  const text = await machine.read('/etc/redhat-release', MAX_RELEASE).catch(() => undefined)
  return text !== undefined && RED_HAT_6.test(text.toString('utf8'))
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
