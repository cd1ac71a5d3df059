import { shellWord } from '../machine/shell.ts'
import type { Observation } from '../registry/observation.ts'
import type { EngineEvidence } from './evidence.ts'
import type { Finding } from './judgement.ts'

/** Why the engine does not look at the chain at all. */
export function uncheckedFinding(
  why: 'loopback' | 'listed',
  observation: Observation,
  engine: EngineEvidence,
): Finding {
  const { registry, host } = observation.target
  const name = engine.survey.name
  if (why === 'loopback') {
    return {
      code: 'loopback-insecure',
      severity: 'warning',
      owner: 'machine',
      message: `${host} is a loopback address: ${name} does not check certificates there at all, so there is nothing to install`,
    }
  }
  return {
    code: 'insecure-registry',
    severity: 'error',
    owner: 'machine',
    message: `${name} has ${registry} among its insecure-registries: it does not check the certificate at all`,
    fix: `take ${registry} out of "insecure-registries" in /etc/docker/daemon.json, then: systemctl reload docker`,
  }
}

/** Whether the engine could be found, reached and asked. */
export function engineFindings(engine: EngineEvidence, registry: string): readonly Finding[] {
  const { name, state, problem } = engine.survey
  const severity = engine.required ? 'error' : 'warning'
  const base = { owner: 'machine', severity } as const
  if (state === 'absent') {
    const message = `${name} is not on this machine: no ${name}d program and no socket`
    // Named with --runtime it is prepared all the same.
    if (engine.required) return [{ ...base, severity: 'warning', code: 'runtime-not-found', message }]
    const fix = `trust-registry ${registry} --runtime ${name} --ca CA.pem      # to prepare it all the same`
    return [{ ...base, severity: 'error', code: 'runtime-not-found', message, fix }]
  }
  if (state === 'down') {
    const message = `the ${name} daemon does not answer (${problem ?? ''}), so nobody can ask it`
    return [{ ...base, code: 'daemon-down', message, fix: `systemctl start ${name}` }]
  }
  if (state === 'unreachable') {
    const message = `the ${name} daemon may not be asked by this user (${problem ?? ''}): its verdict is our reckoning`
    return [
      {
        ...base,
        severity: 'warning',
        code: 'runtime-unreachable',
        message,
        fix: 'run it with sudo, or as a member of the docker group',
      },
    ]
  }
  return []
}

/** Go reads the OS store once per process, at the first verification (crypto/x509 root.go). */
export function staleStore(engine: EngineEvidence, registry: string): readonly Finding[] {
  const { name, startedMs } = engine.survey
  if (startedMs === undefined || engine.storeChangedMs <= startedMs) return []
  return [
    {
      code: 'restart-needed',
      severity: 'error',
      owner: 'machine',
      first: true,
      message: `the chain is good by the OS store as it is now, but ${name} read the store before it was changed, and reads it once`,
      fix: `systemctl restart ${name}      # or, without a restart: trust-registry ${registry}`,
    },
  ]
}

/** What stands wrong in the registry's directory. */
export function directoryFindings(engine: EngineEvidence): readonly Finding[] {
  const { trust } = engine
  const findings: Finding[] = []
  if (trust.fatal) {
    const { code, path, message } = trust.fatal
    const fix =
      code === 'trust-directory-unreadable' ? `ls -ld ${shellWord(path)}` : `mv ${shellWord(path)} /root/`
    findings.push({
      code,
      severity: 'error',
      owner: 'machine',
      message: `${path}: Docker refuses every request (${message})`,
      fix,
    })
  }
  for (const { path, reason } of trust.ignored) {
    findings.push({
      code: 'trust-file-ignored',
      severity: 'warning',
      owner: 'machine',
      message: `${path} is ignored: ${reason}`,
    })
  }
  return findings
}

/** A directory beside the right one that holds what this very chain needs. */
export function misnamedFinding(engine: EngineEvidence, path: string): Finding {
  const right = engine.trust.path
  const message = `${path} holds the certificate that this chain needs, but Docker reads only ${right}`
  const fix = `mv ${shellWord(path)} ${shellWord(right)}`
  return { code: 'trust-directory-misnamed', severity: 'warning', owner: 'machine', message, fix }
}
