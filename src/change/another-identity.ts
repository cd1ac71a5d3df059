import type { ChainLink, Finding, Judgement } from '../judge/index.ts'
import { colons } from '../x509/words.ts'
import type { RegistryRecord } from './model.ts'

/** The accepted certificate among the candidates of the chain, where it is one of them. */
export function recordedIn(
  judgement: Pick<Judgement, 'candidates'>,
  recorded: RegistryRecord,
): ChainLink | undefined {
  return judgement.candidates.find((link) => link.certificate.sha256 === recorded.identity.sha256)
}

/** What ssh says of a host key that has changed, for a CA. */
export function anotherIdentity({ registry, since }: RegistryRecord): string {
  return `${registry} presents another identity than the one accepted on ${since.slice(0, 10)}: somebody may be in between, or its CA was changed`
}

export function acceptedThen({ identity }: RegistryRecord): string {
  return `${colons(identity.sha256)}  ${JSON.stringify(identity.subject)}`
}

export function afterConfirmation({ registry }: RegistryRecord): string {
  return `trust-registry ${registry} --ca NEW-CA.pem      # once the owner has confirmed the new CA`
}

/** For a look that changes nothing: whether Docker trusts the chain is one question, whether we would is another. */
export function identityFinding(judgement: Judgement, recorded: RegistryRecord): Finding | undefined {
  if (judgement.path.length === 0 || recordedIn(judgement, recorded)) return undefined
  return {
    code: 'identity-changed',
    severity: 'warning',
    owner: 'registry',
    message: `${anotherIdentity(recorded)}. Accepted then: ${acceptedThen(recorded)}`,
    fix: afterConfirmation(recorded),
  }
}
