import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { stores } from '../../src/stores/index.ts'
import { lackOfRoom } from '../../src/stores/room.ts'
import { throwaway } from '../machine/throwaway.ts'

const store = stores.debian

describe('stores/room: could the tool write its bundle?', function () {
  if (process.platform === 'win32') return
  const { machine, path } = throwaway()

  beforeEach(() => {
    mkdirSync(path('etc/ssl'), { recursive: true })
  })

  it('a folder that is missing, or a link in its place: the tool decides', async () => {
    assert.equal(await lackOfRoom(machine(), store), undefined)
    mkdirSync(path('srv/certs'), { recursive: true })
    symlinkSync('../../srv/certs', path('etc/ssl/certs'))
    assert.equal(await lackOfRoom(machine(), store), undefined)
    writeFileSync(path('srv/certs/ca-certificates.crt'), 'theirs')
    assert.equal(await lackOfRoom(machine(), store), undefined)
    assert.deepEqual(readdirSync(path('srv/certs')), ['ca-certificates.crt'])
  })

  it('a full or a read-only disk is named, and nothing is left beside the bundle', async () => {
    mkdirSync(path('etc/ssl/certs'))
    assert.equal(await lackOfRoom(machine(), store), undefined)
    for (const [code, finding] of [
      ['ENOSPC', 'disk-full'],
      ['EROFS', 'read-only-system'],
      ['EACCES', undefined],
    ] as const) {
      const create = (): Promise<void> => Promise.reject(Object.assign(new Error(code), { code }))
      const lack = await lackOfRoom(Object.assign(machine(), { create }), store)
      assert.deepEqual([lack?.code, lack?.finding, lack?.seen], ['change-failed', finding, code])
    }
    assert.deepEqual(readdirSync(path('etc/ssl/certs')), [])
  })
})
