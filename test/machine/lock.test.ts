import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { leaveOut } from '../support/left-out.ts'
import { throwaway } from './throwaway.ts'

describe('machine/lock', () => {
  const { machine, path } = throwaway()
  before(function () {
    if (process.platform === 'win32') leaveOut(this, 'Windows has no lock here yet')
  })

  /** Another process that holds the lock until it is killed. */
  async function holder() {
    const local = new URL('../../src/machine/local.ts', import.meta.url).href
    const script = `
      import { LocalMachine } from '${local}'
      const lock = await new LocalMachine({ root: ${JSON.stringify(path())} }).lock('/lock')
      console.log(lock === undefined ? 'refused' : 'held')
      setInterval(() => {}, 1000)`
    const argv = ['--import', 'tsx', '--input-type=module', '--eval', script]
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] })
    const [said] = (await once(child.stdout, 'data')) as [Buffer]
    const kill = async (): Promise<void> => {
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    }
    return { said: said.toString().trim(), kill }
  }

  it('has one holder at a time', async () => {
    const first = await machine().lock('/lock')
    assert.ok(first)
    assert.equal(await machine().lock('/lock'), undefined)
    const other = await machine().lock('/other')
    assert.ok(other)
    await first.release()
    const next = await machine().lock('/lock')
    assert.ok(next)
    await Promise.all([next.release(), other.release()])
    assert.equal(statSync(path('lock')).mode & 0o077, 0)
  })

  it('lets one of many win', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => machine().lock('/lock')))
    const winners = all.filter((lock) => lock !== undefined)
    assert.equal(winners.length, 1)
    await winners[0]?.release()
  })

  it('holds against other processes, and is free after they were killed', async () => {
    const other = await holder()
    assert.equal(other.said, 'held')
    assert.equal(await machine().lock('/lock'), undefined)
    await other.kill()
    const lock = await machine().lock('/lock')
    assert.ok(lock)
    const late = await holder()
    assert.equal(late.said, 'refused')
    await late.kill()
    await lock.release()
  })

  it('says why there can be none', async () => {
    await assert.rejects(machine().lock('/no/such/folder/lock'), { code: 'ENOENT' })
  })
})
