import assert from 'node:assert/strict'
import fc from 'fast-check'
import { mayCall } from '../../src/registry/addresses.ts'

describe('registry/addresses', () => {
  const local = [
    ...['127.0.0.1', '127.9.9.9', '0.0.0.0', '169.254.169.254', '169.254.1.1', '100.100.100.200'],
    ...['::1', '::', 'fe80::1', 'febf::1', 'fd00:ec2::254', '255.255.255.255'],
    ...['::ffff:169.254.169.254', '::ffff:a9fe:a9fe', '0:0:0:0:0:ffff:7f00:1', '::127.0.0.1'],
    ...['64:ff9b::169.254.169.254', '64:ff9b::7f00:1', '2002:a9fe:a9fe::1', '2002:7f00:1::'],
  ]
  for (const address of local) {
    it(`does not call ${address} on another's word`, () => {
      assert.equal(mayCall(address, ['198.18.0.1']), false)
    })
  }

  it('calls private and public addresses', () => {
    for (const address of [
      '10.0.0.1',
      '172.16.0.1',
      '192.168.1.1',
      '100.64.0.1',
      '203.0.113.1',
      'fd00::1',
      '2001:db8::1',
    ])
      assert.equal(mayCall(address, []), true, address)
  })

  it('goes where the registry itself is, in whatever spelling', () => {
    assert.equal(mayCall('127.0.0.1', ['127.0.0.1']), true)
    assert.equal(mayCall('::ffff:127.0.0.1', ['127.0.0.1']), true)
    assert.equal(mayCall('0:0:0:0:0:0:0:1', ['::1']), true)
    assert.equal(mayCall('127.0.0.2', ['127.0.0.1']), false)
  })

  it('takes no name, no zone and no shorthand for an address', () => {
    for (const text of ['localhost', '127.1', '0x7f.0.0.1', 'fe80::1%eth0', '', '[::1]', '2130706433'])
      assert.equal(mayCall(text, []), false, text)
  })

  it('refuses every dress of a refused IPv4 address', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const plain = mayCall(address, [])
        assert.equal(mayCall(`::ffff:${address}`, []), plain)
        assert.equal(mayCall(`64:ff9b::${address}`, []), plain)
      }),
    )
  })
})
