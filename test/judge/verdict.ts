import assert from 'node:assert/strict'
import {
  judge,
  type Consumer,
  type Finding,
  type FindingCode,
  type Judgement,
} from '../../src/judge/index.ts'
import { evidence, type Scene } from './evidence.ts'

export function verdict(scene: Scene): Judgement {
  return judge(evidence(scene))
}

/** The codes of all findings but the informative ones, in their order; the one that Docker prints has a star. */
export function faults(judgement: Judgement): readonly string[] {
  return judgement.findings
    .filter((finding) => finding.severity !== 'info')
    .map((finding) => `${finding.first ? '*' : ''}${finding.code}`)
}

export function only(judgement: Judgement, code: FindingCode): Finding {
  const found = judgement.findings.filter((finding) => finding.code === code)
  assert.equal(found.length, 1, `${code} among ${faults(judgement).join(' ')}`)
  return found[0] ?? assert.fail()
}

export function consumer(judgement: Judgement, name = 'docker'): Consumer {
  return judgement.consumers.find((entry) => entry.name === name) ?? assert.fail(`no consumer ${name}`)
}

const GET = 'Get "https://reg.corp:5000/v2/": '

/** What Docker will print, without the part that is always the same. */
export function predicted(judgement: Judgement): string | undefined {
  const line = consumer(judgement).predictedError
  return line?.startsWith(GET) === true ? line.slice(GET.length) : line
}

/** How a path reads: name and origin, leaf first. */
export function pathOf(judgement: Judgement): string {
  return judgement.path.map((link) => `${link.certificate.subject.commonName ?? ''}/${link.origin}`).join(' ')
}
