import assert from 'node:assert/strict'
import { dockerApi, field } from '../../src/runtimes/docker-api.ts'
import { leaveOut } from '../support/left-out.ts'
import { throwaway } from '../machine/throwaway.ts'
import { closeDaemons, daemon } from './daemon.ts'

describe('runtimes/docker-api', () => {
  const { path } = throwaway()
  before(function () {
    if (process.platform === 'win32') leaveOut(this, 'Windows has named pipes')
  })
  afterEach(closeDaemons)

  const get = (name: string, timeoutMs = 5000) =>
    dockerApi(path('sock'), { method: 'GET', path: name, timeoutMs })

  it('sends JSON and reads JSON', async () => {
    const asked = await daemon(path('sock'), { 'POST /x': [200, { Status: 'done', more: [1] }] })
    const answer = await dockerApi(path('sock'), {
      method: 'POST',
      path: '/x',
      body: { a: 'ü' },
      timeoutMs: 5000,
    })
    assert.deepEqual(answer, { status: 200, body: { Status: 'done', more: [1] }, message: 'done' })
    assert.deepEqual(asked, [{ method: 'POST', path: '/x', body: { a: 'ü' } }])
  })

  it('has a message for errors of any form', async () => {
    await daemon(path('sock'), {
      'GET /json': [500, { message: 'Get "https://h/v2/": EOF', Status: 'x' }],
      'GET /text': [400, ' bad request \n'],
      'GET /odd': [500, { message: { not: 'text' } }],
      'GET /empty': [503, ''],
    })
    assert.equal((await get('/json')).message, 'Get "https://h/v2/": EOF')
    assert.deepEqual(await get('/text'), { status: 400, body: undefined, message: 'bad request' })
    assert.equal((await get('/odd')).message, '{"message":{"not":"text"}}')
    assert.deepEqual(await get('/empty'), { status: 503, body: undefined, message: '' })
  })

  it('rejects with the socket’s own error', async () => {
    await assert.rejects(get('/x'), { code: 'ENOENT' })
    await daemon(path('sock'), { 'GET /x': (request) => request.socket.destroy() })
    await assert.rejects(get('/x'))
  })

  it('waits no longer than it may, for headers or the rest of a body', async () => {
    await daemon(path('sock'), {
      'GET /silent': () => undefined,
      'GET /half': (_request, response) => void response.writeHead(200).write('{'),
    })
    await assert.rejects(get('/silent', 50), { name: 'TimeoutError' })
    await assert.rejects(get('/half', 50), { name: 'TimeoutError' })
  })

  it('reads 4 MiB and no more', async () => {
    await daemon(path('sock'), {
      'GET /big': [200, 'x'.repeat(4 * 1024 * 1024)],
      'GET /bigger': [200, 'x'.repeat(4 * 1024 * 1024 + 1)],
    })
    assert.equal((await get('/big')).message.length, 4 * 1024 * 1024)
    await assert.rejects(get('/bigger'), /more than 4 MiB/)
  })

  it('finds fields, and nothing that every object has', () => {
    const value: unknown = JSON.parse('{"a":{"b":[1]},"__proto__":{"c":2},"n":null}')
    assert.deepEqual(field(value, 'a', 'b'), [1])
    assert.equal(field(value, '__proto__', 'c'), 2)
    for (const names of [['constructor'], ['a', 'toString'], ['n', 'x'], ['a', 'b', 'c'], ['z']]) {
      assert.equal(field(value, ...names), undefined, names.join())
    }
    for (const none of [null, undefined, 'text', 7]) assert.equal(field(none, 'length'), undefined)
  })
})
