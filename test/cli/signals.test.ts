import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { leaveOut } from '../support/left-out.ts'

const source = fileURLToPath(new URL('../../src/cli/process-io.ts', import.meta.url))

describe('signals', () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`the first ${signal} aborts, the second ends at once with 130`, async function () {
      if (process.platform === 'win32') leaveOut(this, 'Windows has no signals')
      const program = `
        const { processIo } = await import(${JSON.stringify(source)})
        const io = processIo()
        io.signal.addEventListener('abort', () => io.stdout.write('aborted'))
        setTimeout(() => {}, 10_000)
        io.stdout.write('ready')`
      const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program])
      const said = async () => String((await once(child.stdout, 'data'))[0])
      assert.equal(await said(), 'ready')
      child.kill(signal)
      assert.equal(await said(), 'aborted')
      child.kill(signal)
      assert.deepEqual(await once(child, 'exit'), [130, null])
    })
  }
})
