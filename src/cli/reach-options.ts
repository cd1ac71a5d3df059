import { isIP } from 'node:net'
import { TrustError } from '../errors.ts'
import { parseProxy } from '../registry/proxy-rules.ts'
import type { Pin } from '../registry/reach.ts'
import { parseRegistry } from '../registry/reference.ts'

/** `--resolve HOST:PORT:ADDR`, as curl has it; an IPv6 address may stand in brackets. @throws TrustError `usage` */
export function readPin(text: string): Pin {
  const [, host = '', port = '', address = ''] = /^([^:[\]]+):(\d{1,5}):(.+)$/.exec(text) ?? []
  const bare = address.replace(/^\[(.*)\]$/, '$1')
  if (host === '' || isIP(bare) === 0) {
    throw new TrustError(
      'usage',
      `--resolve is ${JSON.stringify(text.slice(0, 300))}; it is HOST:PORT:ADDRESS`,
      {
        fix: '--resolve reg.corp:5000:192.0.2.7',
      },
    )
  }
  const target = parseRegistry(`${host.toLowerCase()}:${port}`)
  return { host: target.host, port: target.port, address: bare }
}

/** `--proxy URL`: a password is never an argument. @throws TrustError `usage` */
export function readProxy(text: string): string {
  const proxy = parseProxy(text)
  const refused = (why: string, fix: string): TrustError =>
    new TrustError('usage', `--proxy: ${why}`, { fix })
  if (typeof proxy === 'string') throw refused(proxy, '--proxy http://proxy.corp:3128')
  if (proxy.authorization === undefined) return text
  throw refused(
    'an address with a user name or a password is no argument; every user of this machine could read it',
    'HTTPS_PROXY=http://USER:PASSWORD@proxy.corp:3128      # in the environment of the daemon, which is asked for it',
  )
}
