import { TrustError } from '../../errors.ts'
import type { Approved } from '../../change/index.ts'
import type { RealmVerdict } from '../../judge/index.ts'
import type { Certificate } from '../../x509/index.ts'
import { confirmsRealm } from './consent.ts'
import type { Context } from './context.ts'
import { handsFor } from './hand-over.ts'
import type { Case } from './observe.ts'

/** What a person at the terminal vouches for, of the token services that an engine does not accept. */
export async function askRealms(
  context: Context,
  { target, judgement }: Case,
  vouched: readonly Certificate[],
): Promise<readonly Certificate[]> {
  if (!context.options.input) return []
  const known = new Set(vouched.map(({ sha256 }) => sha256))
  const found: Certificate[] = []
  for (const realm of judgement.realms) {
    const { presented, refusedBy, candidates } = realm
    const done = candidates.some(({ certificate }) => known.has(certificate.sha256))
    if (presented === undefined || refusedBy.length === 0 || done) continue
    if (!(await mayInstall(context))) return found
    if (await confirmsRealm(context, target.registry, realm as Confirmable)) found.push(presented.certificate)
  }
  return found
}

export type Confirmable = RealmVerdict & { readonly presented: NonNullable<RealmVerdict['presented']> }

/** A person is asked only for what can be done then. */
async function mayInstall(context: Context): Promise<boolean> {
  try {
    await handsFor(context, 'installing a CA')
    return true
  } catch (error) {
    if (error instanceof TrustError && error.code === 'needs-privilege') return false
    throw error
  }
}

/** Those of its anchors that somebody does not have where it looks. */
export function lackingRealms(
  { options }: Context,
  { evidence }: Case,
  anchors: readonly Certificate[],
): readonly Certificate[] {
  const engines = evidence.engines.filter((engine) => engine.required)
  return anchors.filter((anchor) =>
    options.scope === 'system'
      ? !evidence.store.contains(anchor)
      : engines.some(({ store, trust }) => !store.contains(anchor) && !trust.pool.contains(anchor)),
  )
}

/** The same identity, with the anchors of its token services beside it. */
export function withRealms(approved: Approved, anchors: readonly Certificate[]): Approved {
  const all = [...approved.install, ...anchors].map((one) => [one.sha256, one] as const)
  return { ...approved, install: [...new Map(all).values()] }
}
