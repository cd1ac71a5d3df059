import assert from 'node:assert/strict'
import fc from 'fast-check'
import { encodePem, type Certificate } from '../../src/x509/index.ts'
import { ca, read } from '../judge/evidence.ts'
import { approved, fileOf, trust, undo, World } from './world.ts'

const REGISTRIES = [
  'reg.corp',
  'reg.corp:443',
  'reg.corp:5000',
  'other.corp',
  '198.18.0.2:5000',
  '[fd18::2]:443',
]

describe('change: properties', function () {
  // Every file and directory is fsynced, as on a real machine.
  this.timeout(60_000)
  let certificates: readonly Certificate[]
  before(async () => {
    const made = await Promise.all(['One', 'Two', 'Three', 'Four'].map((name) => ca(name)))
    certificates = made.map(read)
  })

  const few = (): fc.Arbitrary<readonly number[]> => fc.uniqueArray(fc.nat(3), { minLength: 1, maxLength: 4 })
  const step = (): fc.Arbitrary<{ readonly registry: string; readonly what: readonly number[] }> =>
    fc.record({ registry: fc.constantFrom(...REGISTRIES), what: few() })

  const pick = (numbers: readonly number[]): [Certificate, ...Certificate[]] => {
    const [first = assert.fail(), ...rest] = numbers.map((number) => certificates[number] ?? assert.fail())
    return [first, ...rest]
  }

  /** A machine that has some of the files, identical to ours or not, and some of the directories already. */
  function furnish(
    here: World,
    before: readonly { readonly registry: string; readonly what: readonly number[] }[],
  ): void {
    for (const { registry, what } of before) {
      for (const certificate of pick(what))
        here.write(fileOf(certificate, registry), encodePem(certificate.raw))
      here.write(`/etc/docker/certs.d/${registry}/ca.crt`, 'theirs')
    }
  }

  it('undo takes back any installations, in any order, some more than once, to the byte', async () => {
    const run = fc.record({
      before: fc.array(step(), { maxLength: 2 }),
      steps: fc.array(step(), { minLength: 1, maxLength: 5 }),
      order: fc.shuffledSubarray([...REGISTRIES], { minLength: REGISTRIES.length }),
      together: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(run, async ({ before, steps, order, together }) => {
        const here = await new World().ready()
        try {
          furnish(here, before)
          const old = here.snapshot()
          for (const { registry, what } of steps) {
            await trust(here, registry, approved(...pick(what)))
            for (const certificate of pick(what))
              assert.ok(await here.machine.stat(fileOf(certificate, registry)))
          }
          if (together) await undo(here, ...order)
          else for (const registry of order) await undo(here, registry)
          assert.deepEqual(here.snapshot(), old)
          const { files, directories, registries } = await here.state.records()
          assert.deepEqual([files, directories, registries], [[], [], []])
          assert.deepEqual(here.memory(), ['lock', 'records.json'])
        } finally {
          here.remove()
        }
      }),
      { numRuns: 20 },
    )
  })

  it('undoing one registry leaves every other as trusted as it was', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step(), { minLength: 2, maxLength: 5 }), async (steps) => {
        const here = await new World().ready()
        try {
          for (const { registry, what } of steps) await trust(here, registry, approved(...pick(what)))
          const [gone = assert.fail()] = steps
          await undo(here, gone.registry)
          const records = await here.state.records()
          assert.ok(!records.registries.some((record) => record.registry === gone.registry))
          for (const { registry, what } of steps.filter((other) => other.registry !== gone.registry)) {
            for (const certificate of pick(what))
              assert.ok(await here.machine.stat(fileOf(certificate, registry)))
          }
        } finally {
          here.remove()
        }
      }),
      { numRuns: 12 },
    )
  })
})
