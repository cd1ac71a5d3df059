import assert from 'node:assert/strict'
import { ipText, networkContains, networkText, parseIp } from '../../src/x509/ip.ts'

// What mutations showed to be held by the comparison with real Go alone.

const hex = (digits: string): Buffer => Buffer.from(digits, 'hex')

describe('addresses', () => {
  it('an IPv4 inside an IPv6 stands at its end only', () => {
    const round = (address: string): string | undefined => {
      const ip = parseIp(address)
      return ip && ipText(ip)
    }
    assert.equal(round('1:2:3:4:5:6:1.2.3.4'), '1:2:3:4:5:6:102:304')
    assert.equal(round('::1.2.3.4'), '::102:304')
    for (const bad of [
      '1.2.3.4::',
      '::1.2.3.4:5',
      '1:2:3:4:5:6:7:1.2.3.4',
      '1.2.3.4:1:2:3:4:5:6',
      '::01.2.3.4',
    ]) {
      assert.equal(round(bad), undefined, bad)
    }
    assert.equal(round('1:0:0:2:0:0:0:3'), '1:0:0:2::3', 'the longest run of zeros')
    assert.equal(ipText(hex('010203')), '?010203')
  })

  it('a network is of one family', () => {
    const all = { ip: Buffer.alloc(4), mask: Buffer.alloc(4) }
    assert.equal(networkContains(all, hex('0a000001')), true)
    assert.equal(networkContains(all, Buffer.alloc(16)), false)
    const mask = Buffer.concat([Buffer.alloc(4, 255), Buffer.alloc(12)])
    assert.equal(networkText({ ip: hex(`20010db8${'00'.repeat(12)}`), mask }), '2001:db8::/32')
  })
})
