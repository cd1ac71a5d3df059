import { resolve } from 'node:path'
import { TrustError } from '../../errors.ts'
import { ContainerdEngine } from '../../runtimes/containerd.ts'
import { containersEngines } from '../../runtimes/containers-programs.ts'
import { CrioEngine } from '../../runtimes/crio.ts'
import { proxySettings, type ProxySettings } from '../../registry/proxy-rules.ts'
import { DockerEngine } from '../../runtimes/docker.ts'
import { dockerClients } from '../../runtimes/docker-clients.ts'
import { dockerJobs } from '../../runtimes/docker-jobs.ts'
import type { Machine } from '../../machine/machine.ts'
import { preparedEngines } from '../../runtimes/prepared.ts'
import type { Engine } from '../../runtimes/engine.ts'
import { withoutRoot } from '../../runtimes/without-root.ts'
import {
  CertificateFileError,
  readCertificates,
  type Certificate,
  type ClientPair,
} from '../../x509/index.ts'
import { adviceOn } from '../file-advice.ts'
import { readNamedFile } from '../files.ts'
import type { Options } from '../options.ts'
import type { Services } from '../services.ts'
import type { Place } from './place.ts'
import { createSite, isOwn, type Site } from './site.ts'

/** What the stages of one run share. The demo hands in a machine and an engine of its own. */
export interface Context extends Site {
  readonly engines: readonly Engine[]
  /** From `--ca`, all files. */
  readonly given: readonly Certificate[]
  /** What is shown to a registry that wants to know its clients. */
  readonly client?: ClientPair
  /** Loopback registries are judged like any other. */
  readonly loopbackCounts: boolean
  /** What keeps an engine from checking a registry goes as well: that was agreed to. */
  readonly strict?: boolean
  /** In the privileged half: the caller stores its own login. */
  readonly keepLogin?: (identityToken: string | undefined) => Promise<Stored>
}

/** Where a login went, or why it went nowhere. */
export interface Stored {
  readonly where?: string
  /** The file that holds it without encryption. */
  readonly plain?: string
  readonly problem?: string
  /** What is wrong with the place, where a finding has a name for it. */
  readonly finding?: 'credential-helper-failed' | 'config-damaged'
}

const MAX_CA_FILE = 1024 * 1024

export async function createContext(
  options: Options,
  services: Services,
  place?: Omit<Place, 'close'>,
  given?: readonly Certificate[],
  client?: ClientPair,
): Promise<Context> {
  const site = createSite(options, services, place)
  const docker = new DockerEngine(place?.socket)
  const alone = options.scope === 'registry' && site.place !== undefined && isOwn(site.place)
  const others = [
    ...containersEngines(ownAuthFile(services, place?.machine), alone),
    new ContainerdEngine(options.runtimes.includes('containerd')),
    ...preparedEngines(),
    new CrioEngine(),
  ]
  return {
    ...site,
    engines: selected(
      [
        docker,
        ...dockerJobs(docker),
        ...dockerClients(docker, ownProxy(services, place?.machine)),
        ...(alone ? others.map(withoutRoot) : others),
      ],
      options.runtimes,
    ),
    given: given ?? (await readGiven(options.ca)),
    ...(client ? { client } : {}),
    loopbackCounts: false,
  }
}

/** `REGISTRY_AUTH_FILE` steers the programs of this computer, and nobody's whose variables are not ours. */
export function ownAuthFile(services: Services, machine: Machine | undefined): string | undefined {
  const own = ownVariables(services, machine)['REGISTRY_AUTH_FILE'] ?? ''
  return own === '' ? undefined : resolve(own)
}

/** The same of the proxies that what the person starts goes through. */
function ownProxy(services: Services, machine: Machine | undefined): ProxySettings {
  return proxySettings(ownVariables(services, machine))
}

function ownVariables({ io }: Services, machine: Machine | undefined): Services['io']['env'] {
  return machine?.kind === 'local' && !machine.who().elevated ? io.env : {}
}

/** Those that `--runtime` names; all where it names none. */
function selected(engines: readonly Engine[], runtimes: readonly string[]): readonly Engine[] {
  return runtimes.length === 0
    ? engines
    : engines.filter(
        (engine) => runtimes.includes(engine.runtime ?? engine.name) || runtimes.includes(engine.name),
      )
}

/** Bad files end the run before anything is resolved or run. */
export async function readGiven(paths: readonly string[]): Promise<readonly Certificate[]> {
  const found: Certificate[] = []
  for (const path of paths) {
    const bytes = await readNamedFile(path, 'the --ca file', MAX_CA_FILE)
    const certificates = await readCertificates(bytes).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error)
      throw new TrustError('bad-file', `the --ca file ${JSON.stringify(path)} cannot be used: ${why}`, {
        ...(error instanceof CertificateFileError ? { fix: adviceOn(error.problem, path, 'x509') } : {}),
        cause: error,
      })
    })
    if (certificates.length === 0) {
      throw new TrustError('bad-file', `the --ca file ${JSON.stringify(path)} holds no certificate`, {
        fix: 'give a CA certificate as PEM, DER or PKCS#7',
      })
    }
    found.push(...certificates)
  }
  return [...new Map(found.map((certificate) => [certificate.sha256, certificate])).values()]
}
