import { createCa } from '../../fixtures/pki.ts'
import { CertPool, newestGo, parseCertificate, verify, type VerifyErrorKind } from '../../src/x509/index.ts'
import { inTurns } from './measure.ts'
import type { Group, Mode, Row } from './model.ts'

/** Verdicts that cost the most: as many signature checks as Go spends, and as many names as fit. */
export const worstChains: Group = { name: 'worst-chains', run }

const host = 'reg.corp'

async function run({ quick }: Mode): Promise<readonly Row[]> {
  const works = [
    { what: '100 signature checks, P-256', work: () => checks('p-256'), budget: 50 },
    { what: '100 signature checks, P-384', work: () => checks('p-384'), budget: 150 },
    { what: 'a certificate of 10,000 names', work: manyNames, budget: 50 },
  ]
  const values = await inTurns(
    quick ? 3 : 20,
    works.map(({ work }) => work),
  )
  return works.map(({ what, budget }, index) => ({
    what,
    value: values[index] ?? Number.NaN,
    unit: 'ms',
    budget: { atMost: budget },
    clock: true,
  }))
}

/**
 * A leaf whose issuer is none of a crowd that bears its name: Go gives up at the hundred and first. New keys
 * every time, for keys and verdicts are remembered.
 */
async function checks(keyKind: 'p-256' | 'p-384'): Promise<number> {
  const signer = await createCa({ name: 'Crowd', keyKind })
  const leaf = await signer.issue({ names: [host], keyKind: 'p-256' })
  const crowd = await Promise.all(Array.from({ length: 101 }, () => createCa({ name: 'Crowd', keyKind })))
  return measure(
    leaf.certificate,
    crowd.map(({ certificate }) => certificate),
    'too-many-checks',
  )
}

async function manyNames(): Promise<number> {
  const root = await createCa({ name: 'Names', keyKind: 'p-256' })
  const names = Array.from({ length: 10_000 }, (_, index) => `host-${index}.corp`)
  const leaf = await root.issue({ names, keyKind: 'p-256' })
  return measure(leaf.certificate, [root.certificate], 'name-mismatch')
}

/** Milliseconds from the octets to the refusal, as a look at a registry has it. */
function measure(leaf: Buffer, roots: readonly Buffer[], expected: VerifyErrorKind): number {
  const start = performance.now()
  const pool = CertPool.of(...roots.map((der) => parseCertificate(der)))
  const options = { host, at: new Date(), intermediates: new CertPool(), roots: pool, go: newestGo }
  const result = verify(parseCertificate(leaf), options)
  const end = performance.now()
  const kind = result.ok ? 'accepted' : result.error.kind
  if (kind !== expected) throw new Error(`the worst chain is ${kind} and not ${expected}`)
  return end - start
}
