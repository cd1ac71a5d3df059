import {
  confirmed,
  decideIdentity,
  identityMissing,
  type Approved,
  type IdentityQuestion,
  type RegistryRecord,
} from '../../change/index.ts'
import { sha256 } from '../../change/digest.ts'
import { isServed } from '../../judge/index.ts'
import { askIdentity } from './consent.ts'
import type { Context } from './context.ts'
import { handsFor } from './hand-over.ts'
import type { Case } from './observe.ts'

/** Who it is: by pin, file, record or proof; else a person at the terminal, or a refusal. */
export async function establish(
  context: Context,
  seen: Case,
  vouchers: Pick<IdentityQuestion, 'given' | 'fingerprints'>,
  recorded: RegistryRecord | undefined,
): Promise<Approved> {
  const { options } = context
  const { registry } = seen.target
  const { unnamed } = seen.evidence.observation
  const question: IdentityQuestion = {
    ...vouchers,
    registry,
    judgement: seen.judgement,
    trustOnFirstUse: options.trustOnFirstUse,
    ...(recorded ? { recorded } : {}),
    ...(unnamed ? { unnamed: unnamed.map(sha256) } : {}),
  }
  const decision = decideIdentity(question)
  if (decision.kind === 'approved') return decision.approved
  if (!options.input) throw identityMissing(question, decision.candidate)
  // A person is asked only for what can be done then.
  await handsFor(context, 'installing a CA')
  const engines = seen.evidence.engines.filter(isServed)
  const names = engines.map((engine) => engine.survey.name)
  if (await askIdentity(context, registry, decision.candidate, names))
    return confirmed(question, decision.candidate)
  throw identityMissing(question, decision.candidate)
}
