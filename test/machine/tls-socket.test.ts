import assert from 'node:assert/strict'
import { createServer, type AddressInfo } from 'node:net'
import { TlsSocket, type TlsDaemon } from '../../src/machine/tls-socket.ts'

const nothing = Buffer.alloc(0)
const cut = Buffer.from('-----BEGIN RSA PRIVATE KEY-----\nMIIB\n')
const daemon: TlsDaemon = { host: '127.0.0.1', port: 1, ca: nothing, cert: nothing, key: nothing }

describe('machine/tls-socket', () => {
  const damaged: readonly [string, Partial<TlsDaemon>][] = [
    ['an empty key', { key: nothing }],
    ['a key cut off', { key: cut }],
    ['a certificate cut off', { cert: cut }],
    ['a port that there is not', { port: 99_999 }],
  ]
  for (const [what, part] of damaged) {
    it(`${what} is a reason, and no crash`, async () => {
      assert.notEqual(await TlsSocket.problem({ ...daemon, ...part }, 5000), undefined)
    })
  }

  it('a daemon that hangs up is a reason as well', async () => {
    const server = createServer((end) => end.destroy())
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as AddressInfo
    const bare = { host: daemon.host, port } as TlsDaemon
    assert.notEqual(await TlsSocket.problem(bare, 5000), undefined)
    server.close()
  })
})
