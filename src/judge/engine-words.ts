import type { EngineSurvey } from '../runtimes/engine.ts'
import { PROBE_DIGEST, PROBE_REPOSITORY } from '../runtimes/probe-image.ts'
import { goAtLeast, type GoVersion } from '../x509/index.ts'

/** How an engine words what went wrong when somebody logs in, pulls, builds or looks at a manifest. */
export interface Words {
  readonly url: string
  /** A failed request, by Go's complaint. */
  readonly get: (complaint: string) => string
  /** A fault of its own files. */
  readonly local: (complaint: string) => string
  /** What it makes of answers other than a registry's is known. */
  readonly login: boolean
}

export function wordsOf(survey: EngineSurvey, registry: string, go: GoVersion): Words {
  const url = `https://${registry}/v2/`
  const ask = (verb: string, target: string): string =>
    `${verb} ${goAtLeast(go, 14) ? `"${target}"` : target}: `
  if (survey.name === 'docker-cli') {
    const start = 'failed to configure transport: error pinging v2 registry: '
    const get = (complaint: string): string => start + ask('Get', url) + complaint
    return { url, get, local: (complaint) => complaint, login: false }
  }
  if (survey.loader === 'store') {
    const head = ask('Head', `${url}${PROBE_REPOSITORY}/manifests/latest`)
    const get = (complaint: string): string => `failed to do request: ${head}${complaint}`
    return { url, get, local: (complaint) => complaint, login: false }
  }
  if (survey.loader === 'classic') {
    return {
      url,
      get: (complaint) => ask('Get', url) + complaint,
      local: (complaint) => complaint,
      login: true,
    }
  }
  if (survey.loader === 'containers') {
    // containers/image CheckAuth, as `podman login` prints it; the other commands begin with words of their own, and a
    // daemon that pulls for others (CRI-O) with none.
    const start = survey.name === 'cri-o' ? '' : `authenticating creds for "${registry}": `
    return {
      url,
      get: (complaint) => `${start}pinging container registry ${registry}: ${ask('Get', url)}${complaint}`,
      local: (complaint) => `${start}creating new docker client: ${complaint}`,
      login: false,
    }
  }
  const build = survey.name === 'docker-build'
  const [start, tag] = build
    ? [buildStart(survey, registry), 'latest']
    : [pullStart(survey, registry), PROBE_DIGEST]
  const head = ask('Head', `${url}${PROBE_REPOSITORY}/manifests/${tag}`)
  return {
    url,
    get: (complaint) => `${start}failed to do request: ${head}${complaint}`,
    local: (complaint) => start + complaint,
    login: false,
  }
}

/** `ctr` of containerd 2 has the daemon pull (seen on 1.6.20, 1.7.24 and 2.1.9). */
function pullStart({ name, version = '2' }: EngineSurvey, registry: string): string {
  if (name === 'containerd' && Number.parseInt(version, 10) >= 2) return 'failed to resolve image: '
  return `failed to resolve reference "${registry}/${PROBE_REPOSITORY}@${PROBE_DIGEST}": `
}

/** Seen on 20.10.24, 26.1.5 and 28.5.2; the change between lies in BuildKit 0.11, which is Docker 23. */
function buildStart({ version = '99' }: EngineSurvey, registry: string): string {
  const image = `${registry}/${PROBE_REPOSITORY}`
  return Number.parseInt(version, 10) < 23
    ? 'failed to solve with frontend dockerfile.v0: failed to create LLB definition: '
    : `${image}: failed to resolve source metadata for ${image}:latest: `
}
