import { isIP } from 'node:net'
import {
  judge,
  MACHINE,
  type Consumer,
  type Evidence,
  type Finding,
  type Judgement,
} from '../../judge/index.ts'
import type { Target } from '../../registry/reference.ts'
import type { Outcome } from '../../report/view.ts'
import { shellWord } from '../../machine/shell.ts'
import { readGoRoots } from '../../stores/go-roots.ts'
import { CertPool, newestGo, tryParseCertificate, verify } from '../../x509/index.ts'
import type { GoVersion, VerifyResult } from '../../x509/index.ts'
import type { ChainOptions } from '../chain-options.ts'
import { readChainFile, readRootsFile, type RootsFile } from './chain-files.ts'
import { outcomeOf, viewOf } from './document.ts'
import type { Site } from './site.ts'
import { exitOfCase } from './verdict.ts'

/** The first release whose verdicts were held against the toolchain itself; older ones are as documented. */
const OLDEST_EXACT_GO = 19

/**
 * `diagnose --chain`: the verdict of Go's `Certificate.Verify` on files. No network, and no engine is asked.
 */
export async function judgeFiles(site: Site, chain: ChainOptions): Promise<Outcome> {
  const go = chain.go ?? newestGo
  const sent = await readChainFile(chain.path)
  const roots = await rootsOf(site, chain, go)
  const evidence = evidenceOf(site, chain, { sent, go, roots: roots.pool })
  const judgement = withVerdict(judge(evidence), verdictOf(evidence, go), { chain, go, roots })
  const seen = { target: evidence.observation.target, evidence, judgement }
  const exitCode = exitOfCase(seen)
  const view = viewOf(site, seen, { exitCode, verified: exitCode === 0 })
  const storeName = chain.roots === undefined ? 'in the OS store' : 'in the --roots file'
  return outcomeOf(site, [{ ...view, storeName }])
}

interface Roots extends RootsFile {
  /** The file that was read, for the report. */
  readonly place?: string
}

async function rootsOf(site: Site, { roots: path }: ChainOptions, go: GoVersion): Promise<Roots> {
  if (path !== undefined) return { ...(await readRootsFile(path, go)), place: path }
  const { pool, bundle } = await readGoRoots(site.machine)
  return { pool, findings: [], ...(bundle === undefined ? {} : { place: bundle }) }
}

interface Material {
  readonly sent: readonly Buffer[]
  readonly go: GoVersion
  readonly roots: CertPool
}

/** As if it had been seen on the wire, by an engine that trusts the roots and nothing else. */
function evidenceOf(site: Site, options: ChainOptions, { sent, go, roots }: Material): Evidence {
  const { host, at } = options
  const kinds = { 0: 'name', 4: 'ipv4', 6: 'ipv6' } as const
  const target: Target = { registry: host, host, kind: kinds[isIP(host) as 0 | 4 | 6], port: 443 }
  const engine: Evidence['engines'][number] = {
    survey: {
      name: 'go',
      kind: 'program',
      installed: true,
      state: 'running',
      go,
      loader: 'classic',
      insecureRegistries: [],
      insecureNetworks: [],
      environment: {},
      environmentAssumed: false,
    },
    trust: { path: '', state: 'absent', pool: new CertPool(), ignored: [], misnamed: [], symlink: false },
    store: roots,
    storeChangedMs: 0,
    required: true,
  }
  const observation = { target, addresses: [], sent, fetched: [] }
  const untrusted = options.roots === undefined ? MACHINE.untrusted : 'is not in the --roots file'
  const places = { sent: 'in the --chain file', unsent: 'is not in the --chain file', untrusted }
  return { observation, at: at ?? site.machine.now(), given: [], store: roots, engines: [engine], places }
}

type Failure = Extract<VerifyResult, { ok: false }>['error']

/** What Go's own functions return, without what TLS or HTTP would put before it; undefined: it is content. */
function verdictOf({ observation, at, store }: Evidence, go: GoVersion): Failure | undefined {
  const certificates = []
  for (const der of observation.sent) {
    const certificate = tryParseCertificate(der, go)
    if (certificate instanceof Error) return { kind: 'malformed-certificate', message: certificate.message }
    certificates.push(certificate)
  }
  const [leaf, ...others] = certificates
  if (!leaf) throw new Error('a chain without certificates')
  const { host } = observation.target
  const answer = verify(leaf, { host, at, intermediates: CertPool.of(...others), roots: store, go })
  return answer.ok ? undefined : answer.error
}

function withVerdict(
  judgement: Judgement,
  failure: Failure | undefined,
  { chain, go, roots }: { readonly chain: ChainOptions; readonly go: GoVersion; readonly roots: Roots },
): Judgement {
  const consumer: Consumer = {
    name: 'go',
    required: true,
    state: failure ? 'refused' : 'trusted',
    trusted: failure === undefined,
    ...(failure ? { predictedError: failure.message } : {}),
    ...(roots.place === undefined ? {} : { trustLocation: roots.place }),
    ...(assumption(go) === undefined ? {} : { assumed: true }),
  }
  const found = [...named(judgement.findings, failure), ...roots.findings, ...assumptions(go)]
  return {
    ...judgement,
    consumers: [consumer],
    findings: (failure ? found : found.map(asWarning)).map(forFiles(chain)),
    ownerMustAct: failure !== undefined && judgement.ownerMustAct,
  }
}

/** Why the verdict of this release is no more than likely; undefined where it was held against the release itself. */
function assumption(go: GoVersion): string | undefined {
  if (go.minor > newestGo.minor)
    return `the rules of ${go.text} are not known here; these are those of ${newestGo.text}, the newest that are`
  if (go.minor < OLDEST_EXACT_GO)
    return `the rules of ${go.text} are as documented; from 1.${OLDEST_EXACT_GO} on they were held against Go itself`
  return undefined
}

function assumptions(go: GoVersion): readonly Finding[] {
  const message = assumption(go)
  return message === undefined ? [] : [{ code: 'go-assumed', severity: 'warning', owner: 'machine', message }]
}

/** No refusal without a reason, where the judge found none of its own. */
function named(findings: readonly Finding[], failure: Failure | undefined): readonly Finding[] {
  if (!failure || findings.some((finding) => finding.first)) return findings
  const { kind, message, certificate } = failure
  const finding: Finding = {
    code: kind === 'too-many-checks' ? 'chain-too-long' : kind,
    severity: 'error',
    owner: 'registry',
    ...(certificate ? { certificate: certificate.sha256 } : {}),
    first: true,
    message: message.replace(/^x509: /, ''),
  }
  return [finding, ...findings]
}

/** Files belong to no registry, so there is none that could be trusted: the next step is to judge by other roots. */
function forFiles({ path, host, roots }: ChainOptions): (finding: Finding) => Finding {
  const again = `trust-registry diagnose --chain ${shellWord(path)} --host ${shellWord(host)} --roots ca.pem`
  return ({ fix, ...finding }) => {
    if (finding.first === true && finding.code === 'unknown-authority' && roots === undefined)
      return { ...finding, fix: `${again}      # with the CA of its owner` }
    return fix === undefined || fix.startsWith('trust-registry ') ? finding : { ...finding, fix }
  }
}

/** What Go's verifier is content with is still worth a word: TLS itself, or other clients, may mind. */
function asWarning(finding: Finding): Finding {
  if (finding.severity !== 'error') return finding
  const { code, owner, certificate, message, fix } = finding
  return {
    code,
    severity: 'warning',
    owner,
    ...(certificate === undefined ? {} : { certificate }),
    message,
    ...(fix === undefined ? {} : { fix }),
  }
}
