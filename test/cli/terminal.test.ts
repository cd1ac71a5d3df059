import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { createProgress } from '../../src/cli/progress.ts'
import { createPrompts } from '../../src/cli/prompts.ts'
import type { Prompts } from '../../src/cli/services.ts'
import { fakeIo } from './fake-io.ts'

/** A person who types `keys` as soon as something is asked. */
function person(keys: string, io = fakeIo()): { prompts: Prompts; seen: () => string } {
  const input = new PassThrough()
  const output = new PassThrough()
  let seen = ''
  output.on('data', (chunk: Buffer) => {
    if (seen === '') setImmediate(() => input.write(keys))
    seen += chunk.toString()
  })
  const terminal = { input, output, close: () => input.destroy() }
  return { prompts: createPrompts(io, () => Promise.resolve(terminal)), seen: () => seen }
}

describe('prompts', () => {
  for (const [keys, answer] of [
    ['y\r', true],
    ['YES\r', true],
    ['\r', false],
    ['n\r', false],
    ['yesterday\r', false],
  ] as const) {
    it(`confirm: ${JSON.stringify(keys)} is ${String(answer)}`, async () => {
      assert.equal(await person(keys).prompts.confirm('Go ahead?'), answer)
    })
  }

  it('ask shows the question, lets it be edited, and trims', async () => {
    const { prompts, seen } = person(' abx\x7fc \r')
    assert.equal(await prompts.ask('Fingerprint:'), 'abc')
    assert.match(seen(), /Fingerprint: /)
  })

  it('password shows nothing of what is typed, and keeps blanks', async () => {
    const { prompts, seen } = person(' hunter2 \r')
    assert.equal(await prompts.password('Password:'), ' hunter2 ')
    assert.equal(seen(), 'Password: \n')
  })

  for (const [name, keys] of [
    ['Ctrl-C', '\x03'],
    ['Ctrl-D', '\x04'],
  ] as const) {
    it(`${name} interrupts`, async () => {
      await assert.rejects(person(keys).prompts.confirm('Go ahead?'), { code: 'interrupted' })
      await assert.rejects(person(keys).prompts.password('Password:'), { code: 'interrupted' })
    })
  }

  it('a signal interrupts', async () => {
    const io = fakeIo()
    const asked = person('', io).prompts.ask('Name:')
    setTimeout(io.abort, 20)
    await assert.rejects(asked, { code: 'interrupted' })
    await assert.rejects(person('y\r', io).prompts.confirm('Go ahead?'), { code: 'interrupted' })
  })
})

describe('progress', () => {
  const loud = { json: false, quiet: false, verbose: false }

  it('redraws one line on a terminal and takes it away', () => {
    const io = fakeIo({ tty: 'stderr' })
    const progress = createProgress(io, loud)
    progress.stage('asking reg:5000')
    progress.stage('x'.repeat(200))
    progress.done()
    progress.done()
    const [, first = '', second = '', ...end] = io.err().split('\r\x1b[2K')
    assert.equal(first, 'asking reg:5000')
    assert.ok(second.length < 80)
    assert.deepEqual(end, [''])
  })

  it('is silent off a terminal, with -q and with --json', () => {
    for (const [io, loudness] of [
      [fakeIo(), loud],
      [fakeIo({ tty: 'stderr' }), { ...loud, quiet: true }],
      [fakeIo({ tty: 'stderr' }), { ...loud, json: true, verbose: true }],
    ] as const) {
      const progress = createProgress(io, loudness)
      progress.stage('asking')
      progress.done()
      assert.equal(io.err(), '')
    }
  })

  it('with -v: a line a stage, harmless whatever a server says', () => {
    const io = fakeIo()
    const progress = createProgress(io, { ...loud, verbose: true })
    progress.stage('asking \x1b[31mreg')
    progress.done()
    assert.equal(io.err(), 'asking \\u{1b}[31mreg\n')
  })
})
