import type { Plan } from '../../change/index.ts'
import type { Finding } from '../../judge/index.ts'
import type { StoreLook } from '../../stores/look.ts'
import { isSelfSigned, nameOf, type Certificate } from '../../x509/index.ts'

interface Question {
  readonly look: StoreLook
  /** What becomes a source of the OS store. */
  readonly install: readonly Certificate[]
  /** What was given or approved. */
  readonly offered: readonly Certificate[]
}

/** What is to be known of a change to the OS store before it is made: nobody else would say it. */
export function storeFindings({ look, install, offered }: Question): readonly Finding[] {
  const taken = new Set(install.map(({ sha256 }) => sha256))
  const others = offered.filter(({ sha256 }) => !taken.has(sha256))
  const leftOut = [...new Map(others.map((certificate) => [certificate.sha256, certificate])).values()]
  return [
    ...leftOut.map(leftOutFinding),
    ...install
      .filter((certificate) => !isSelfSigned(certificate) && !look.held.has(certificate.sha256))
      .map(intermediateFinding),
    ...damageFinding(look),
  ]
}

/** What is still true once the steps are done: where the tool ran, a damaged bundle is whole again. */
export function afterwards(findings: readonly Finding[], steps: Plan['steps']): readonly Finding[] {
  const ran = steps.some((step) => step.do === 'refresh' && step.when === 'forward')
  return ran ? findings.filter(({ code }) => code !== 'bundle-damaged') : findings
}

/** For the plan: the run of the tool does more than was asked for. */
export function damageNote({ lacking }: StoreLook): { readonly note?: string } {
  return lacking.length === 0 ? {} : { note: `it also gets ${missing(lacking)}` }
}

const base = { severity: 'warning', owner: 'machine' } as const

function leftOutFinding(certificate: Certificate): Finding {
  const { sha256, isCA } = certificate
  const unused = isSelfSigned(certificate)
    ? 'does not anchor this chain'
    : 'is an intermediate, and no anchor here'
  const why = isCA ? unused : 'is no CA'
  const message = `${nameOf(certificate)} ${why}, and is left out of the OS store`
  return { ...base, code: 'ca-left-out', certificate: sha256, message }
}

function intermediateFinding(certificate: Certificate): Finding {
  const message = `${nameOf(certificate)} is an intermediate: in the OS store Go takes it for an anchor by itself, whatever becomes of its root`
  return { ...base, code: 'intermediate-as-anchor', certificate: certificate.sha256, message }
}

function damageFinding({ store, lacking }: StoreLook): readonly Finding[] {
  if (lacking.length === 0) return []
  const message = `${store.bundle} lacks ${missing(lacking)}: the next run of ${store.tool} puts that in, whoever runs it`
  const fix = [store.tool, ...store.args(false)].join(' ')
  return [{ ...base, code: 'bundle-damaged', message, fix }]
}

function missing(lacking: readonly string[]): string {
  const [first = ''] = lacking
  const named =
    lacking.length === 1 ? `the certificate SHA256 ${first.slice(0, 16)}…` : `${lacking.length} certificates`
  return `${named} that its sources hold`
}
