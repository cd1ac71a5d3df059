import { posix } from 'node:path'
import { shellWord } from '../machine/shell.ts'
import type { TrustFault } from '../runtimes/engine.ts'
import type { EngineEvidence } from './evidence.ts'
import type { Finding } from './judgement.ts'

/** Engines that share their files share a name where those are spoken of. */
export function labelOf({ survey }: Pick<EngineEvidence, 'survey'>): string {
  if (survey.unasked === true) return survey.name
  if (survey.loader === 'containers') return "podman's family"
  const jobs: Readonly<Record<string, string>> = {
    'docker-build': 'docker build',
    'docker-containerd': 'docker pull',
    'docker-cli': 'the docker program',
    containerd: 'containerd',
  }
  return jobs[survey.name] ?? 'Docker'
}

/** What stands wrong in the registry's directory. */
export function directoryFindings(engine: EngineEvidence): readonly Finding[] {
  const { trust } = engine
  const findings: Finding[] = []
  if (trust.fatal) findings.push(faultFinding(engine, trust.fatal))
  const { elsewhere, mirrors } = trust
  if (elsewhere) findings.push(elsewhereFinding(engine, elsewhere))
  if (mirrors) {
    const message = `${mirrors.path} has ${labelOf(engine)} ask ${mirrors.registries.join(', ')} first when it pulls: that is judged by itself`
    const fix = `trust-registry diagnose ${mirrors.registries.map(shellWord).join(' ')}`
    findings.push({ code: 'registry-elsewhere', severity: 'warning', owner: 'machine', message, fix })
  }
  if (trust.hides) findings.push(hidesFinding(engine, trust.hides))
  for (const { path, reason, damaged, fix } of trust.ignored) {
    const base = { severity: 'warning', owner: 'machine' } as const
    if (damaged === true) {
      const message = `${path} is damaged, and ${labelOf(engine)} goes on without it: ${reason}`
      const fix = `mend ${shellWord(path)} at the place that is named; it was left untouched`
      findings.push({ ...base, code: 'config-damaged', message, fix })
      continue
    }
    const mend = fix === undefined ? {} : { fix }
    findings.push({ ...base, code: 'trust-file-ignored', message: `${path} is ignored: ${reason}`, ...mend })
  }
  return findings
}

/** The first directory that is there counts whole: nothing of `_default` is merged into it. */
function hidesFinding(
  engine: EngineEvidence,
  { path, names, own }: NonNullable<EngineEvidence['trust']['hides']>,
): Finding {
  const to = shellWord(own)
  return {
    code: 'trust-directory-shadowed',
    severity: 'warning',
    owner: 'machine',
    message: `${path} holds ${names.join(', ')} for all registries, which ${labelOf(engine)} does not read beside ${own}`,
    fix: `cp -n ${names.map((name) => shellWord(`${path}/${name}`)).join(' ')} ${to}/      # then run it again`,
  }
}

function elsewhereFinding(
  engine: EngineEvidence,
  { path, registry }: NonNullable<EngineEvidence['trust']['elsewhere']>,
): Finding {
  return {
    code: 'registry-elsewhere',
    severity: engine.required ? 'error' : 'warning',
    owner: 'machine',
    message: `${path} sends ${labelOf(engine)} to ${registry} in place of this registry: it is that one that it has to trust`,
    fix: `trust-registry ${shellWord(registry)}`,
  }
}

function faultFinding(engine: EngineEvidence, { code, path, message }: TrustFault): Finding {
  const label = labelOf(engine)
  const severity = engine.required ? 'error' : 'warning'
  const base = { code, severity, owner: 'machine' } as const
  switch (code) {
    case 'config-damaged':
      return {
        ...base,
        message: `${path} is damaged, ${label} refuses every request: ${message}`,
        fix: `mend ${shellWord(path)} at the place that is named; it was left untouched`,
      }
    case 'registry-blocked':
      return {
        ...base,
        message: `${path} forbids this registry: ${message}`,
        fix: `take blocked = true out of ${shellWord(path)}`,
      }
    case 'trust-directory-unreadable':
      return { ...base, message: refusesAll(label, path, message), fix: unreadableFix(engine, path, message) }
    case 'client-key-mismatch': {
      // The key alone would stop the engine as well.
      const pair = ['cert', 'key'].map((end) => aside(path.replace(/\.[^.]*$/, `.${end}`)))
      return { ...base, message: refusesAll(label, path, message), fix: pair.join(' && ') }
    }
    default:
      return { ...base, message: refusesAll(label, path, message), fix: aside(path) }
  }
}

function unreadableFix({ survey, trust }: EngineEvidence, path: string, message: string): string {
  if (message.includes('permission denied')) return openFix(survey, trust.path, path)
  // What hosts.toml names may be missing altogether; in a directory of certificates it is at least a link.
  const there = /(?:is|not) a directory|too many levels/.test(message) || survey.loader === 'classic'
  return there ? aside(path) : `ls -ld ${shellWord(path)}`
}

/**
 * Lets an engine in: to the directory, and to certificates and hosts.toml in it. Whatever else it names may be a key,
 * or hold one, and is for its owner alone.
 */
function openFix({ flavour, loader }: EngineEvidence['survey'], directory: string, path: string): string {
  const base = posix.dirname(directory)
  const [file, here] = [shellWord(path), shellWord(directory)]
  const isFolder = [path, posix.dirname(path)].some((place) => place === base || place.endsWith('/certs.d'))
  if (!isFolder && !/\.crt$|\/hosts\.toml$/.test(path)) {
    // A program reads it as the person who runs it.
    if (loader === 'containers') return `sudo chown "$(id -u)" ${file} && sudo chmod u+r ${file}`
    const owner = flavour === 'rootless' ? `--reference=${shellWord(base)}` : 'root'
    return `chown ${owner} ${file} && chmod u+r ${file}`
  }
  if (!path.startsWith(`${base}/`)) return `chmod a+rX ${file}`
  const open = "-type f '(' -name '*.crt' -o -name hosts.toml ')'"
  return `chmod a+rX ${shellWord(base)} && if [ -d ${here} ]; then chmod a+rX ${here} && find ${here} ${open} -exec chmod a+r {} +; fi`
}

/** No engine reads a name that ends like this; another one's file of the same name is not overwritten. */
function aside(path: string): string {
  return `mv -n ${shellWord(path)} ${shellWord(`${path}.off`)}`
}

function refusesAll(label: string, path: string, message: string): string {
  return `${path}: ${label} refuses every request (${message})`
}
