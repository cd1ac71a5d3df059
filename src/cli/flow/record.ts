import type { Approved, RegistryRecord, State } from '../../change/index.ts'
import { TrustError } from '../../errors.ts'
import { otherSpelling, parseRegistry } from '../../registry/reference.ts'
import type { Site } from './site.ts'

export async function recordOf(state: State, registry: string): Promise<RegistryRecord | undefined> {
  const { registries } = await state.records()
  return registries.find((record) => record.registry === registry)
}

/** The name under which each is on record; `reg.corp` and `reg.corp:443` are one registry. */
export async function namesOnRecord(state: State, texts: readonly string[]): Promise<readonly string[]> {
  // Where the record cannot be read, that is said by what needs it.
  const records = await state.records().catch(() => undefined)
  const known = new Set(records?.registries.map(({ registry }) => registry))
  const names = texts.map((text) => {
    const target = parseRegistry(text)
    const other = otherSpelling(target)
    return other !== undefined && known.has(other) && !known.has(target.registry) ? other : target.registry
  })
  return [...new Set(names)]
}

/**
 * Two runs at once may have accepted two identities: the second one decides anew.
 * @param recorded SHA-256 of the identity that was on record when this was decided
 * @throws TrustError `identity-mismatch`
 */
export async function sameRecord(
  { state }: Site,
  registry: string,
  approved: Approved,
  recorded: string | undefined,
): Promise<void> {
  const now = (await recordOf(state, registry))?.identity.sha256
  if (now === undefined || now === approved.identity.sha256 || now === recorded) return
  throw new TrustError('identity-mismatch', 'another run has just accepted an identity for this registry', {
    seen: `accepted: SHA256 ${now}`,
    fix: 'run it again: the identity is then held against that one',
  })
}
