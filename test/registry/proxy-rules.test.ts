import assert from 'node:assert/strict'
import { parseProxy, proxyFor, proxySettings, type Proxy } from '../../src/registry/proxy-rules.ts'
import { parseRegistry } from '../../src/registry/reference.ts'

const https = 'http://proxy.corp:3128'
const direct = (registry: string, no: string): boolean =>
  proxyFor(parseRegistry(registry), { https, no }) === undefined
const read = (text: string): Proxy => {
  const proxy = parseProxy(text)
  assert.ok(typeof proxy !== 'string', text)
  return proxy
}

describe('registry/proxy-rules', () => {
  // What x/net/http/httpproxy makes of NO_PROXY.
  const rules: readonly (readonly [string, string, boolean])[] = [
    ['reg.corp:5000', '', false],
    ['reg.corp', '*', true],
    ['reg.corp', 'other, *', true],
    ['reg.corp', 'reg.corp', true],
    ['reg.corp', ' REG.corp ,x', true],
    ['reg.corp', 'corp', true],
    ['reg.corp', 'eg.corp', false],
    ['reg.corp', '.corp', true],
    ['reg.corp', '*.corp', true],
    ['corp:5000', '.corp', false],
    ['corp:5000', '*.corp', false],
    ['corp:5000', 'corp', true],
    ['a.b.corp', '.corp', true],
    ['reg.corp:5000', 'reg.corp:5000', true],
    ['reg.corp:5000', 'reg.corp:443', false],
    ['reg.corp', 'reg.corp:443', true],
    ['reg.corp', 'reg.corp:', true],
    ['reg.corp:5000', ':5000', false],
    ['reg.corp', '*reg.corp', false],
    ['localhost:5000', '', true],
    ['127.0.0.1:5000', '', true],
    ['[::1]:5000', '', true],
    ['10.1.2.3', '10.0.0.0/8', true],
    ['11.1.2.3', '10.0.0.0/8', false],
    ['10.1.2.3', '10.1.2.3', true],
    ['10.1.2.3:5000', '10.1.2.3:443', false],
    ['10.1.2.3', '10.1.2.30', false],
    ['10.1.2.3', '10.0.0.0/33', false],
    ['10.1.2.3', '2.3', true],
    ['[fd00::1]:5000', 'fd00::/8', true],
    ['[fd00::1]:5000', 'fd00::1', true],
    ['[fd00::1]:5000', '[fd00::1]:5000', true],
    ['[fd00::1]:5000', '[fd00::1]', false],
    ['reg.corp', '10.0.0.0/8', false],
  ]
  for (const [registry, no, expected] of rules) {
    it(`${registry} goes ${expected ? 'directly' : 'through the proxy'} with NO_PROXY=${no}`, () => {
      assert.equal(direct(registry, no), expected)
    })
  }

  it('reads both spellings, and HTTP_PROXY for nothing', () => {
    assert.deepEqual(proxySettings({ HTTPS_PROXY: 'a', https_proxy: 'b', no_proxy: 'c' }), {
      https: 'a',
      no: 'c',
    })
    assert.deepEqual(proxySettings({ HTTPS_PROXY: '', https_proxy: 'b' }), { https: 'b' })
    assert.deepEqual(proxySettings({ HTTP_PROXY: 'a', ALL_PROXY: 'x' }), {})
    assert.equal(proxyFor(parseRegistry('reg.corp'), {}), undefined)
  })

  it('reads addresses of proxies, and shows no password', () => {
    assert.deepEqual(read('proxy.corp:3128'), {
      host: 'proxy.corp',
      port: 3128,
      tls: false,
      shown: 'http://proxy.corp:3128',
    })
    assert.equal(read('http://proxy.corp').port, 80)
    assert.deepEqual([read('https://proxy.corp').port, read('https://proxy.corp').tls], [443, true])
    assert.deepEqual(
      [read('http://[fd00::1]:8080').host, read('http://[fd00::1]:8080').port],
      ['fd00::1', 8080],
    )
    const { authorization, shown } = read('http://joe:p%40ss@proxy.corp:1')
    assert.equal(Buffer.from((authorization ?? '').replace('Basic ', ''), 'base64').toString(), 'joe:p@ss')
    assert.equal(shown, 'http://proxy.corp:1')
    for (const bad of ['', 'http://', 'socks5://p:1', 'http://a b', 'http://a\r\nX: y'])
      assert.equal(typeof parseProxy(bad), 'string', bad)
  })
})
