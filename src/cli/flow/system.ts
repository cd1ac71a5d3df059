import {
  planInstall,
  planPrune,
  wantedFiles,
  withStore,
  type Approved,
  type Plan,
  type Restart,
} from '../../change/index.ts'
import { TrustError } from '../../errors.ts'
import type { EngineEvidence } from '../../judge/index.ts'
import { detectStore } from '../../stores/detect.ts'
import type { Store } from '../../stores/index.ts'
import type { StoreLook } from '../../stores/look.ts'
import { isSelfSigned, nameOf, type Certificate } from '../../x509/index.ts'
import { fingerprintOf as fingerprint } from '../../stores/census.ts'
import { keeping } from './appended.ts'
import { againLine } from './consent.ts'
import type { Context } from './context.ts'
import { otherScopeLine } from './escalate.ts'
import type { Case } from './observe.ts'
import { dockerRestart } from './restarts.ts'
import { settledLook } from './settled.ts'
import { vouchForTokens } from './stale.ts'
import { damageNote, storeFindings } from './store-findings.ts'

/**
 * Scope system: the CAs that anchor this chain become sources of the OS store, its bundle is made anew, and the
 * engines that cannot see that otherwise are restarted.
 * @throws TrustError `not-possible`, `consent-missing`, `change-failed`
 */
export async function planSystem(context: Context, seen: Case, approved: Approved): Promise<Plan> {
  const { machine } = context
  const { path, candidates, realms } = seen.judgement
  if (machine.kind === 'root' && !machine.atRest)
    throw new TrustError('policy', '--scope system is for the machine itself; nothing was changed')
  const store = await detectStore(machine)
  const chain = new Set(
    [...path, ...candidates, ...realms.flatMap((realm) => realm.candidates)].map(
      (link) => link.certificate.sha256,
    ),
  )
  const install = approved.install.filter(({ sha256 }) => chain.has(sha256))
  refuseOverridden(context, seen, install)
  return planStore(context, store, seen.target.registry, {
    ...{ approved, install, engines: seen.evidence.engines, fetching: vouchForTokens(seen) },
    isRooted: ({ held }) => path.some(({ certificate }) => held.has(certificate.sha256)),
  })
}

/**
 * The same for an image, without a look: no chain says what anchors it, so the roots that were given do.
 * @throws TrustError `not-possible`, `consent-missing`, `change-failed`
 */
export async function planSystemBlind(context: Context, registry: string, approved: Approved): Promise<Plan> {
  const store = await detectStore(context.machine)
  const install = approved.install.filter((certificate) => isSelfSigned(certificate))
  return planStore(context, store, registry, {
    approved,
    install,
    engines: [],
    fetching: new Set<string>(),
    isRooted: () => false,
  })
}

interface Anchors {
  readonly approved: Approved
  readonly install: readonly Certificate[]
  /** That read the store. */
  readonly engines: readonly EngineEvidence[]
  /** Tokens are refused until the daemon reads one of these (SHA-256) in the OS store. */
  readonly fetching: ReadonlySet<string>
  /** Whether the store has the root of an intermediate that stands alone. */
  readonly isRooted: (look: StoreLook) => boolean
}

async function planStore(
  context: Context,
  store: Store,
  registry: string,
  { approved, install, engines, fetching, isRooted }: Anchors,
): Promise<Plan> {
  for (const certificate of install) {
    const why = store.drops(certificate)
    if (why !== undefined) throw wouldDrop(context, certificate, store.bundle, why)
  }
  const look = await settledLook(context, store)
  const rooted = install.some((certificate) => isSelfSigned(certificate))
  if (!rooted && !isRooted(look)) throw rootless(registry)
  const records = await context.state.records()
  const ours = new Set(records.files.map((file) => file.path))
  const wanted = wantedFiles([store.anchors], install, 'system')
    .map((file) => ({ ...file, store: store.name, reason: 'for every program that reads the OS store' }))
    // What the system has from elsewhere is not ours.
    .filter((file) => ours.has(file.path) || !look.held.has(file.certificate ?? ''))
  const { options } = context
  const installed = await planInstall(context, registry, approved, wanted)
  const plan = options.prune ? await planPrune(context, installed, registry, true) : installed
  const removed = new Set(plan.changes.flatMap(({ path, state }) => (state === 'removed' ? [path] : [])))
  const gone = records.files.flatMap(({ path, certificate, store: from }) =>
    from === store.name && certificate !== undefined && removed.has(path) ? [certificate] : [],
  )
  const there = wanted.flatMap(({ certificate = '' }) => (look.held.has(certificate) ? [] : [certificate]))
  const needed = gone.length > 0 || there.some((sha256) => fetching.has(sha256))
  const restarts = await restartsFor(context, engines, needed)
  const turn = { store: store.name, there, gone, ...damageNote(look) }
  const findings = storeFindings({ look, install, offered: [...approved.install, ...context.given] })
  const bracketed = { ...withStore(plan, turn, restarts), findings }
  if (there.length + gone.length === 0 || look.appended.length === 0) return bracketed
  if (!options.keepAppended) throw handEdited(context, look)
  return keeping(bracketed, look)
}

/** The restart that it takes until docker sees the OS store as it will be; containerd's is left to its owner, and named. */
async function restartsFor(
  context: Context,
  engines: readonly EngineEvidence[],
  /** What docker has read it forgets only so, and its tokens are fetched by that alone. */
  needed: boolean,
): Promise<readonly Restart[]> {
  const { options } = context
  const docker = engines.find(({ survey }) => survey.name === 'docker')
  if (!docker?.required || options.restart === 'never') return []
  // A user who may not ask agrees to what root may find; root does no more than that.
  if (docker.survey.state !== 'running' && docker.survey.state !== 'unreachable') return []
  // It trusts the registry already, by its own directory: nothing has to stop for that.
  if (!needed && options.restart === 'auto' && docker.answer?.outcome === 'accepted') return []
  return dockerRestart(context)
}

function handEdited(context: Context, { store, appended }: StoreLook): TrustError {
  return new TrustError(
    'consent-missing',
    `${store.bundle} holds ${appended.length} certificate(s) that no file of ${store.anchors} accounts for: ${store.tool} would drop them; nothing was changed`,
    {
      finding: 'bundle-hand-edited',
      seen: appended.map((der) => `SHA256 ${fingerprint(der)}`).join('\n'),
      fix: againLine(context, '--keep-appended'),
    },
  )
}

/** A daemon whose environment names another file and another folder would refuse as before, whatever is in the OS store. */
function refuseOverridden(context: Context, seen: Case, install: readonly Certificate[]): void {
  const docker = seen.evidence.engines.find(({ survey }) => survey.name === 'docker')
  const { SSL_CERT_FILE, SSL_CERT_DIR } = docker?.survey.environment ?? {}
  if (!docker?.required || docker.answer?.outcome === 'accepted') return
  // With one of the two unset, the store's other half still comes in.
  if (SSL_CERT_FILE === undefined || SSL_CERT_DIR === undefined) return
  if (install.every((certificate) => docker.store.contains(certificate))) return
  throw new TrustError(
    'not-possible',
    `docker was started with SSL_CERT_FILE=${SSL_CERT_FILE} SSL_CERT_DIR=${SSL_CERT_DIR} and reads nothing of the OS store; nothing was changed`,
    {
      finding: 'store-overridden',
      fix: `${otherScopeLine(context)}      # by its own directory, without --scope system`,
    },
  )
}

/** Go would take the intermediate for an anchor, and nothing else that reads the OS store would. */
function rootless(registry: string): TrustError {
  return new TrustError(
    'not-possible',
    'an intermediate alone is no anchor of an OS store: its root is neither there nor given; nothing was changed',
    {
      finding: 'intermediate-as-anchor',
      fix: `trust-registry ${registry} --scope system --ca FILE      # with the root in it`,
    },
  )
}

function wouldDrop(context: Context, certificate: Certificate, bundle: string, why: string): TrustError {
  return new TrustError(
    'not-possible',
    `${nameOf(certificate)} would not get into ${bundle}: ${why}; nothing was changed`,
    {
      finding: 'store-would-drop',
      fix: `${otherScopeLine(context)}      # without --scope system: the engines take it for this registry`,
    },
  )
}
