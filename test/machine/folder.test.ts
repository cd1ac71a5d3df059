import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { throwaway, unprivileged } from './throwaway.ts'

const limits = { files: 100, bytes: 5 }

describe('machine/folder', () => {
  const { machine, path } = throwaway()

  async function shown(more: { files?: number; skipLocalLinks?: boolean } = {}): Promise<unknown> {
    const files = await machine().readFolder('/store', { ...limits, ...more })
    return files?.map(({ name, bytes, error }) => [name, bytes?.toString() ?? error])
  }

  beforeEach(() => {
    fs.mkdirSync(path('store'))
  })

  it('reads all files, by name, and no folder or pipe', async () => {
    for (const name of ['b', 'B', 'a']) fs.writeFileSync(path(`store/${name}`), `-${name}-`)
    fs.mkdirSync(path('store/folder'))
    if (process.platform !== 'win32') assert.equal(spawnSync('mkfifo', [path('store/fifo')]).status, 0)
    assert.deepEqual(await shown(), [
      ['B', '-B-'],
      ['a', '-a-'],
      ['b', '-b-'],
    ])
    assert.deepEqual(await shown({ files: 1 }), [['B', '-B-']])
  })

  it('says of each file why it could not be read', async () => {
    if (process.platform === 'win32') return
    fs.writeFileSync(path('store/five'), '12345')
    fs.writeFileSync(path('store/six'), '123456')
    fs.writeFileSync(path('store/closed'), '1', { mode: 0 })
    fs.symlinkSync('/no/such/file', path('store/dangling'))
    const expected = [
      ['closed', 'EACCES'],
      ['dangling', 'ENOENT'],
      ['five', '12345'],
      ['six', 'EFBIG'],
    ]
    assert.deepEqual(await unprivileged(() => shown()), expected)
  })

  it('leaves out links beside themselves where that was asked, and follows others', async () => {
    fs.writeFileSync(path('target'), 'far')
    fs.writeFileSync(path('store/near'), 'near')
    fs.symlinkSync('near', path('store/hash'))
    fs.symlinkSync('../target', path('store/out'))
    fs.utimesSync(path('target'), 1, 1)
    const files = await machine().readFolder('/store', { ...limits, skipLocalLinks: true })
    assert.deepEqual(
      files?.map(({ name }) => name),
      ['near', 'out'],
    )
    const link = fs.lstatSync(path('store/out')).mtimeMs
    assert.equal(files[1]?.changedMs, link, 'the link is younger than its target')
    assert.equal((await machine().readFolder('/store', limits))?.length, 3)
  })

  it('takes absence for an answer, and nothing else', async () => {
    assert.equal(await machine().readFolder('/none', limits), undefined)
    fs.writeFileSync(path('file'), '')
    await assert.rejects(machine().readFolder('/file', limits), { code: 'ENOTDIR' })
  })
})
