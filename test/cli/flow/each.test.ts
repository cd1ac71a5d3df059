import assert from 'node:assert/strict'
import fc from 'fast-check'
import { aheadOf, eachOf } from '../../../src/cli/flow/each.ts'

/** Work that ends when the test says so, in any order, and counts how much is under way. */
function controlled() {
  const ends = new Map<number, () => void>()
  let most = 0
  let active = 0
  const work = async (item: number): Promise<number> => {
    active++
    most = Math.max(most, active)
    await new Promise<void>((done) => ends.set(item, done))
    active--
    if (item < 0) throw new Error(`no ${item}`)
    return item * 2
  }
  /** Ends whatever is under way, the youngest first, until nothing is left. */
  const endAll = async (count: number): Promise<void> => {
    for (let ended = 0; ended < count; ended++) {
      while (ends.size === 0) await new Promise((turn) => setImmediate(turn))
      const [last] = [...ends.keys()].slice(-1)
      ends.get(last ?? 0)?.()
      ends.delete(last ?? 0)
      await new Promise((turn) => setImmediate(turn))
    }
  }
  return { work, endAll, most: () => most }
}

const items = fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { maxLength: 40 })

describe('cli/flow/each', () => {
  it('keeps the order of the items and the bound, whatever ends first', async () => {
    await fc.assert(
      fc.asyncProperty(items, fc.integer({ min: 1, max: 8 }), async (list, limit) => {
        const { work, endAll, most } = controlled()
        const results = eachOf(list, limit, work)
        await endAll(list.length)
        assert.deepEqual(
          await results,
          list.map((item) => item * 2),
        )
        assert.ok(most() <= limit)
      }),
      { numRuns: 30 },
    )
  })

  it('works ahead of the caller within the bound, and hands results out in order', async () => {
    await fc.assert(
      fc.asyncProperty(items, fc.integer({ min: 1, max: 8 }), async (list, limit) => {
        const { work, endAll, most } = controlled()
        const next = aheadOf(list, limit, work)
        const ending = endAll(list.length)
        for (const item of list) assert.equal(await next(), item * 2)
        await ending
        assert.ok(most() <= limit)
        await assert.rejects(next(), RangeError)
      }),
      { numRuns: 30 },
    )
  })

  it('goes on while the first one is not done', async () => {
    const started: number[] = []
    let endFirst = (): void => undefined
    const first = new Promise<void>((done) => (endFirst = done))
    const next = aheadOf([0, 1, 2, 3, 4], 2, async (item) => {
      started.push(item)
      if (item === 0) await first
      return item
    })
    const waiting = next()
    await new Promise((turn) => setImmediate(turn))
    assert.deepEqual(started, [0, 1, 2, 3, 4])
    endFirst()
    assert.equal(await waiting, 0)
  })

  it('keeps a failure until its turn', async () => {
    const next = aheadOf([1, 2, 3], 3, (item) =>
      item === 2 ? Promise.reject(new Error('no 2')) : Promise.resolve(item),
    )
    await new Promise((turn) => setImmediate(turn))
    assert.equal(await next(), 1)
    await assert.rejects(next(), { message: 'no 2' })
    assert.equal(await next(), 3)
  })
})
