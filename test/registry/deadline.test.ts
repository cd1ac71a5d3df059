import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { DeadlineError, within } from '../../src/registry/deadline.ts'

const never = new Promise<never>(() => undefined)

describe('registry/deadline', () => {
  it('passes results and errors on', async () => {
    assert.equal(await within(5000, 'x', undefined, Promise.resolve(7)), 7)
    const error = new Error('own')
    await assert.rejects(within(5000, 'x', undefined, Promise.reject(error)), error)
  })

  it('names the stage that took too long', async () => {
    const error: unknown = await within(1, 'TLS handshake', undefined, never).catch(
      (thrown: unknown) => thrown,
    )
    assert.ok(error instanceof DeadlineError)
    assert.equal(error.stage, 'TLS handshake')
    assert.equal(error.code, 'ETIMEDOUT')
    assert.equal(error.message, 'TLS handshake: no answer within 0.001 s')
  })

  it('cleans up after a failure, and only then', async () => {
    const calls: string[] = []
    const note = (what: string) => () => {
      calls.push(what)
    }
    await within(5000, 'x', undefined, Promise.resolve(1), note('good'))
    await assert.rejects(within(1, 'x', undefined, never, note('late')))
    assert.deepEqual(calls, ['late'])
  })

  it('ends with the signal, before or during the work', async () => {
    const controller = new AbortController()
    const running = within(5000, 'x', controller.signal, never)
    controller.abort()
    await assert.rejects(running, { name: 'AbortError' })
    await assert.rejects(within(5000, 'x', controller.signal, never), { name: 'AbortError' })
  })

  it('lets work fail after the deadline without a word', async () => {
    const unhandled: unknown[] = []
    const note = (error: unknown): void => {
      unhandled.push(error)
    }
    process.on('unhandledRejection', note)
    let fail: (error: Error) => void = () => undefined
    const work = new Promise<never>((_resolve, reject) => {
      fail = reject
    })
    await assert.rejects(within(1, 'x', undefined, work), DeadlineError)
    fail(new Error('late'))
    await new Promise((done) => setImmediate(done))
    process.off('unhandledRejection', note)
    assert.deepEqual(unhandled, [])
  })

  it('leaves neither a timer nor a listener behind', async () => {
    const { signal } = new AbortController()
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
    // Mocha sets the timer of this test once it has its promise.
    await Promise.resolve()
    const before = timers()
    let finish: () => void = () => undefined
    const work = new Promise<void>((resolve) => {
      finish = resolve
    })
    const pending = within(60_000, 'x', signal, work)
    assert.equal(getEventListeners(signal, 'abort').length, 1)
    assert.equal(timers(), before + 1)
    finish()
    await pending
    assert.equal(getEventListeners(signal, 'abort').length, 0)
    assert.equal(timers(), before)
  })
})
