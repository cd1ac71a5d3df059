import assert from 'node:assert/strict'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { lineReader } from '../../src/cli/lines.ts'

const SOON = 2000

describe('lines of the other half', () => {
  it('come one by one, however they are cut', async () => {
    const stream = new PassThrough()
    const lines = lineReader(stream, 100)
    for (const part of ['fir', 'st\nsec', 'ond\n', 'third\n']) stream.write(part)
    assert.equal(await lines.next(SOON), 'first')
    assert.equal(await lines.next(SOON), 'second')
    assert.equal(await lines.next(SOON), 'third')
    lines.close()
  })

  it('the end of the stream is a signal; lines before it still count', async () => {
    const stream = new PassThrough()
    const lines = lineReader(stream, 100)
    stream.end('last\nrest')
    await once(lines.ended, 'abort')
    assert.equal(await lines.next(SOON), 'last')
    await assert.rejects(lines.next(SOON), /no order came/)
  })

  it('a line without end is not kept, and is not waited for', async () => {
    const stream = new PassThrough()
    const lines = lineReader(stream, 100)
    stream.write('x'.repeat(1000))
    await assert.rejects(lines.next(SOON), /more than an order holds/)
    await assert.rejects(lineReader(new PassThrough(), 100).next(20), /no order came/)
  })

  it('short lines without end are not kept either', async () => {
    const stream = new PassThrough()
    const lines = lineReader(stream, 100)
    stream.write('x'.repeat(60) + '\n')
    assert.equal(await lines.next(SOON), 'x'.repeat(60))
    stream.write('x'.repeat(100) + '\n')
    assert.equal(await lines.next(SOON), 'x'.repeat(100), 'what was read does not count any more')
    stream.write('\n'.repeat(1000))
    await assert.rejects(lines.next(SOON), /more than an order holds/)
    assert.equal(stream.isPaused(), true)
  })
})
