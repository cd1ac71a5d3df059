import { ml_dsa44, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js'
import { createPublicKey, randomBytes, verify as verifySignature, X509Certificate } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { createCa } from '../../fixtures/pki.ts'
import { CertPool, newestGo, parseCertificate, verify, type VerifyErrorKind } from '../../src/x509/index.ts'
import { readCases } from '../conformance-file.ts'
import { inTurns, median } from './measure.ts'
import type { Group, Mode, Row } from './model.ts'

/** Verdicts that cost the most: as many signature checks as Go spends, and as many names as fit. */
export const worstChains: Group = { name: 'worst-chains', run }

const host = 'reg.corp'

async function run({ quick }: Mode): Promise<readonly Row[]> {
  const bare: Record<Kind, number[]> = { 'p-256': [], 'p-384': [], 'ML-DSA-44': [], 'ML-DSA-87': [] }
  const works = [
    { what: '100 signature checks, P-256', work: () => checks('p-256', bare), budget: 50, kind: 'p-256' },
    { what: '100 signature checks, P-384', work: () => checks('p-384', bare), budget: 150, kind: 'p-384' },
    ...(['ML-DSA-44', 'ML-DSA-87'] as const).map(
      (kind) =>
        ({
          what: `100 signature checks, ${kind}`,
          work: () => mlDsa(kind, bare),
          budget: 150,
          kind,
        }) as const,
    ),
    { what: 'a certificate of 10,000 names', work: manyNames, budget: 50 },
  ] as const
  const values = await inTurns(
    quick ? 3 : 20,
    works.map(({ work }) => work),
  )
  return works.map(({ what, budget, ...work }, index): Row => {
    const value = values[index] ?? Number.NaN
    const row: Row = { what, value, unit: 'ms', score: value, budget: { atMost: budget }, clock: true }
    if (!('kind' in work)) return row
    const library = work.kind in schemes ? 'the library' : 'OpenSSL'
    return { ...row, peer: { name: `${library}, the same keys and sums`, value: median(bare[work.kind]) } }
  })
}

type Curve = 'p-256' | 'p-384'
const schemes = { 'ML-DSA-44': ml_dsa44, 'ML-DSA-87': ml_dsa87 }
type Kind = Curve | keyof typeof schemes

/**
 * A leaf whose issuer is none of a crowd that bears its name: Go gives up at the hundred and first. New keys
 * every time, for keys and verdicts are remembered. `bare` gets what OpenSSL takes for the keys and the sums alone.
 */
async function checks(keyKind: Curve, bare: Readonly<Record<Kind, number[]>>): Promise<number> {
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

const samples = fileURLToPath(new URL('../../test/x509/ml-dsa.json', import.meta.url))

/** The same with a chain that Go made, whose root's key is replaced by as many octets: each is a key, and the wrong one. */
function mlDsa(kind: keyof typeof schemes, bare: Readonly<Record<Kind, number[]>>): number {
  const sample = readCases(samples).find(({ id }) => id === `ml-dsa::${kind}-root`)
  if (!sample) throw new Error(`no chain of ${kind}`)
  const leaf = new X509Certificate(sample.leaf).raw
  const root = new X509Certificate(sample.roots[0] ?? '').raw
  const { rawTbs, signature } = parseCertificate(leaf)
  const { octets } = parseCertificate(root).publicKey.mlDsa ?? {}
  if (!octets) throw new Error(`no key of ${kind}`)
  const at = root.indexOf(octets)
  const keys = Array.from({ length: 101 }, () => randomBytes(octets.length))
  const crowd = keys.map((key) => Buffer.concat([root.subarray(0, at), key, root.subarray(at + key.length)]))
  const alone = processorTime(() => {
    for (const key of keys.slice(1)) schemes[kind].verify(signature, rawTbs, key)
  })
  bare[kind].push(alone)
  return measure(leaf, crowd, 'too-many-checks', sample.host ?? host, new Date(sample.time))
}

async function manyNames(): Promise<number> {
  const root = await createCa({ name: 'Names', keyKind: 'p-256' })
  const names = Array.from({ length: 10_000 }, (_, index) => `host-${index}.corp`)
  const leaf = await root.issue({ names, keyKind: 'p-256' })
  return measure(leaf.certificate, [root.certificate], 'name-mismatch')
}

/** From the octets to the refusal, as a look at a registry has it. */
function measure(
  leaf: Buffer,
  roots: readonly Buffer[],
  expected: VerifyErrorKind,
  name = host,
  at = new Date(),
): number {
  let kind = 'accepted'
  const spent = processorTime(() => {
    const pool = CertPool.of(...roots.map((der) => parseCertificate(der)))
    const options = { host: name, at, intermediates: new CertPool(), roots: pool, go: newestGo }
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
