import { shellWord } from '../machine/shell.ts'
import type { RealmLook } from '../registry/observation.ts'
import { CertPool, verifySent } from '../x509/index.ts'
import type { EngineVerdict } from './engine.ts'
import type { Evidence } from './evidence.ts'
import { goOf } from './faults.ts'
import type { Finding, RealmVerdict } from './judgement.ts'
import { candidatesOf, pathsUp } from './path.ts'
import { readChain } from './read.ts'

/** A program that fetches tokens, and what it makes of the chain of the token service. */
interface Eye {
  readonly name: string
  readonly required: boolean
  /** Go's text; undefined: it accepts. */
  readonly complaint: string | undefined
}

/** Inside of the daemon, which reads the OS store once: builds have a process of the client's for that, each its own. */
const STORE_PULLS = 'docker-containerd'

const BUILDS = 'docker build and buildx'

/**
 * Who goes by the OS store alone, whatever the registry's own directory says: builds, whose client fetches the tokens,
 * and pulls into containerd's store, where dockerd does so with Go's plain client (seen on 26.1.5 and 28.5.2).
 */
const BY_STORE: Readonly<Record<string, string>> = {
  [STORE_PULLS]: "pulls into containerd's image store",
  'docker-build': BUILDS,
  buildx: BUILDS,
}

/**
 * The token services by every consumer that will fetch tokens there. An engine verifies them with what it trusts for
 * the registry that names them (moby registry.go, containers/image, containerd's hosts.go: one client for both);
 * builds have the client fetch them, buildx or the docker program, which reads the OS store alone (buildx build.go).
 */
export function judgeRealms(
  evidence: Evidence,
  engines: readonly EngineVerdict[],
): { readonly verdicts: readonly RealmVerdict[]; readonly findings: readonly Finding[] } {
  const looks = evidence.observation.realms ?? []
  const judged = looks.map((look) => {
    const eyes = look.sent.length === 0 ? [] : eyesOn(evidence, engines, look)
    const verdict = verdictOf(evidence, look, eyes)
    return { verdict, findings: findingsOf(evidence.observation.target.registry, look, verdict, eyes) }
  })
  return {
    verdicts: judged.map(({ verdict }) => verdict),
    findings: judged.flatMap(({ findings }) => findings),
  }
}

function eyesOn(evidence: Evidence, engines: readonly EngineVerdict[], look: RealmLook): readonly Eye[] {
  const { at, observation, store } = evidence
  const { host, port } = observation.target
  const own = look.target.host === host && look.target.port === port
  return evidence.engines.flatMap(({ survey, required }, index) => {
    const verdict = engines[index]
    const byStore = survey.name in BY_STORE
    // Its own chain is a matter of its own; who does not check the registry does not check this either.
    if (!verdict || verdict.unchecked || (own && !byStore)) return []
    const roots = byStore ? store : verdict.pool
    const go = survey.go === undefined ? {} : { go: survey.go }
    const answer = verifySent(look.sent, { host: look.target.host, at, roots, ...go })
    return [{ name: survey.name, required, complaint: answer.ok ? undefined : answer.message }]
  })
}

function verdictOf(evidence: Evidence, look: RealmLook, eyes: readonly Eye[]): RealmVerdict {
  const go = goOf(evidence.engines.find(({ required }) => required)?.survey.go)
  const store = CertPool.union(evidence.store, ...evidence.engines.map(({ trust }) => trust.pool))
  const sources = { sent: readChain(look.sent, go), fetched: [], given: evidence.given, store }
  const paths = pathsUp(sources, evidence.at)
  const candidates = candidatesOf(paths)
  const presented = candidates.findLast(({ origin }) => origin === 'sent')
  return {
    authority: look.target.registry,
    candidates,
    ...(presented ? { presented } : {}),
    refusedBy: eyes
      .filter(({ name, required, complaint }) => required && complaint !== undefined && !(name in BY_STORE))
      .map(({ name }) => name),
    unfetchable: eyes.some(({ name, complaint }) => name === STORE_PULLS && complaint !== undefined),
  }
}

function findingsOf(
  registry: string,
  look: RealmLook,
  { authority, presented }: RealmVerdict,
  eyes: readonly Eye[],
): readonly Finding[] {
  const base = { code: 'realm-untrusted', severity: 'warning', owner: 'machine' } as const
  if (look.problem !== undefined) {
    const message = `the token service ${authority} cannot be looked at from here (${look.problem}): a login would fail there`
    const fix = `curl -v ${shellWord(look.url)}      # from this machine`
    return [{ ...base, owner: 'network', message, fix }]
  }
  // The docker program asks as the daemon does, and nobody needs it: it has no word of its own here.
  const refusing = eyes.filter(
    ({ complaint, required, name }) => complaint !== undefined && (required || name in BY_STORE),
  )
  const complaint = refusing[0]?.complaint
  if (complaint === undefined) return []
  const engines = refusing.filter(({ name }) => !(name in BY_STORE))
  const byStore = Object.keys(BY_STORE).filter((name) => refusing.some((eye) => eye.name === name))
  const jobs = [...new Set(byStore.map((name) => BY_STORE[name]))].join(', ')
  const again = `trust-registry ${shellWord(registry)}`
  if (engines.length === 0) {
    const spared = byStore.includes(STORE_PULLS) ? 'logins are' : 'logins and pulls are'
    const message = `${jobs} fetch tokens from ${authority} by themselves, and the OS store, all that they go by, does not vouch for it: ${complaint}; ${spared} not concerned`
    const comment = byStore.includes(STORE_PULLS)
      ? 'Docker, which reads that store once, is restarted'
      : 'where builds pull from it'
    return [{ ...base, message, fix: `${again} --ca TOKEN-CA.pem --scope system      # ${comment}` }]
  }
  const names = engines.map(({ name }) => name).join(', ')
  const builds =
    byStore.length > 0
      ? `; ${jobs}, which fetch tokens by themselves and go by the OS store alone, refuse it as well`
      : ''
  const pin =
    presented === undefined
      ? ''
      : `\n${again} --fingerprint SHA256:${presented.certificate.sha256}      # the same by its CA's fingerprint, once its owner has confirmed it`
  const fix = `${again} --ca TOKEN-CA.pem      # engines read it from the registry's own directory${pin}`
  return [
    {
      ...base,
      message: `the token service ${authority} is not trusted by ${names}: ${complaint}${builds}`,
      fix,
    },
  ]
}
