import { createPublicKey, verify as verifySignature } from 'node:crypto'
import { createCa } from '../../fixtures/pki.ts'
import { CertPool, newestGo, parseCertificate, verify, type VerifyErrorKind } from '../../src/x509/index.ts'
import { inTurns, median } from './measure.ts'
import type { Group, Mode, Row } from './model.ts'

/** Verdicts that cost the most: as many signature checks as Go spends, and as many names as fit. */
export const worstChains: Group = { name: 'worst-chains', run }

const host = 'reg.corp'

async function run({ quick }: Mode): Promise<readonly Row[]> {
  const bare: Record<Curve, number[]> = { 'p-256': [], 'p-384': [] }
  const works = [
    { what: '100 signature checks, P-256', work: () => checks('p-256', bare), budget: 50, curve: 'p-256' },
    { what: '100 signature checks, P-384', work: () => checks('p-384', bare), budget: 150, curve: 'p-384' },
    { what: 'a certificate of 10,000 names', work: manyNames, budget: 50 },
  ] as const
  const values = await inTurns(
    quick ? 3 : 20,
    works.map(({ work }) => work),
  )
  return works.map(({ what, budget, ...work }, index): Row => {
    const value = values[index] ?? Number.NaN
    const row: Row = { what, value, unit: 'ms', score: value, budget: { atMost: budget }, clock: true }
    if (!('curve' in work)) return row
    return { ...row, peer: { name: 'OpenSSL, the same keys and sums', value: median(bare[work.curve]) } }
  })
}

type Curve = 'p-256' | 'p-384'

/**
 * A leaf whose issuer is none of a crowd that bears its name: Go gives up at the hundred and first. New keys
 * every time, for keys and verdicts are remembered. `bare` gets what OpenSSL takes for the keys and the sums alone.
 */
async function checks(keyKind: Curve, bare: Readonly<Record<Curve, number[]>>): Promise<number> {
  const signer = await createCa({ name: 'Crowd', keyKind })
  const leaf = await signer.issue({ names: [host], keyKind: 'p-256' })
  const crowd = await Promise.all(Array.from({ length: 101 }, () => createCa({ name: 'Crowd', keyKind })))
  const { rawTbs, signature } = parseCertificate(leaf.certificate)
  const parsed = crowd.slice(1).map(({ certificate }) => parseCertificate(certificate))
  const alone = processorTime(() => {
    for (const { rawSpki } of parsed) {
      const key = createPublicKey({ key: rawSpki, format: 'der', type: 'spki' })
      verifySignature('sha256', rawTbs, key, signature)
    }
  })
  bare[keyKind].push(alone)
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

/** From the octets to the refusal, as a look at a registry has it. */
function measure(leaf: Buffer, roots: readonly Buffer[], expected: VerifyErrorKind): number {
  let kind = 'accepted'
  const spent = processorTime(() => {
    const pool = CertPool.of(...roots.map((der) => parseCertificate(der)))
    const options = { host, at: new Date(), intermediates: new CertPool(), roots: pool, go: newestGo }
    const result = verify(parseCertificate(leaf), options)
    if (!result.ok) kind = result.error.kind
  })
  if (kind !== expected) throw new Error(`the worst chain is ${kind} and not ${expected}`)
  return spent
}

/** Milliseconds of processor time: a verdict waits for nothing, and what else the machine does is not its work. */
function processorTime(work: () => void): number {
  const start = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1000
}
