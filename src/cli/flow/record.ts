import type { Approved, RegistryRecord, State } from '../../change/index.ts'
import { TrustError } from '../../errors.ts'
import type { Site } from './site.ts'

export async function recordOf(state: State, registry: string): Promise<RegistryRecord | undefined> {
  const { registries } = await state.records()
  return registries.find((record) => record.registry === registry)
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
