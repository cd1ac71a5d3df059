import assert from 'node:assert/strict'
import { encodePem, newestGo, readPool } from '../../src/x509/index.ts'
import { readPem } from '../../src/x509/pem.ts'
import { go } from './pki.ts'

// What mutations showed to be held by the comparison with real Go alone.

describe('PEM', () => {
  const block = (content: string): string => `-----BEGIN X-----\n${content}\n-----END X-----\n`
  const read = (content: string, by = newestGo): readonly string[] =>
    [...readPem(Buffer.from(content), by)].map(({ bytes }) => bytes.toString('hex'))

  it('base64 with its padding where it belongs', () => {
    const good = {
      AAAA: '000000',
      'AA==': '00',
      'AAA=': '0000',
      'AA=\n=': '00',
      'A A\tA\r\nA': '000000',
      '': '',
    }
    for (const [content, expected] of Object.entries(good)) assert.deepEqual(read(block(content)), [expected])
    for (const bad of [
      'AAA',
      'A===',
      '====',
      'AA==AAAA',
      'AAA=AAA=',
      'AAAA====',
      '=AAA',
      'AA-_',
      '*AAA',
      'AAA*',
    ]) {
      for (const by of [newestGo, go('1.24.7')]) assert.deepEqual(read(block(bad), by), [], bad)
    }
  })

  it('goes on after a BEGIN line without its dashes, and after an END line of another label', () => {
    for (const by of [newestGo, go('1.24.7')]) {
      assert.deepEqual(read(`-----BEGIN X----\nAAAA\n-----END X-----\n${block('AAAA')}`, by), ['000000'])
      assert.deepEqual(read(`-----BEGIN X-----\nAAAA\n-----END Y-----\n${block('AA==')}`, by), ['00'])
      assert.deepEqual(read('-----BEGIN X-----\nAAAA\n-----END X----\n', by), [])
    }
  })

  it('counts the lines of a block from the start of the file', () => {
    const lines = [...readPem(Buffer.from(`a\n\n${block('AAAA')}b\n${block('AAAA')}`))].map(
      ({ line }) => line,
    )
    assert.deepEqual(lines, [3, 7])
  })

  it('writes lines of 64 columns', () => {
    const [, first, second] = encodePem(Buffer.alloc(49)).split('\n')
    assert.deepEqual([first?.length, second?.length], [64, 4])
    assert.equal(encodePem(Buffer.alloc(0)), '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n')
  })

  it('says what is wrong with a file in the order of its lines', () => {
    const issues = (content: string | Buffer): readonly string[] =>
      readPool(Buffer.from(content)).ignored.map(({ line, reason }) => `${line} ${reason}`)
    const stray = ' -----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
    assert.deepEqual(issues(stray + block('AAAA') + stray), [
      '1 indented',
      '4 not-certificate-label',
      '7 indented',
    ])
    assert.deepEqual(issues(`\u{feff}x${stray.trimStart()}`), ['1 glued'])
    assert.deepEqual(issues('0hello'), ['1 not-pem'])
    assert.deepEqual(issues(Buffer.from([0x41, 0x82])), ['1 not-pem'])
    assert.deepEqual(issues(Buffer.from([0x30, 0x80])), ['1 der'])
  })
})
