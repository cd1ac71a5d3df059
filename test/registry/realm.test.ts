import assert from 'node:assert/strict'
import fc from 'fast-check'
import { judgeRealm, refreshBody, tokenPath, type Realm } from '../../src/registry/realm.ts'
import { parseRegistry } from '../../src/registry/reference.ts'

const registry = parseRegistry('reg.corp:5000')
const refusal = (text: string, named: readonly string[] = []): string | undefined => {
  const answer = judgeRealm(registry, text, named)
  return answer.ok ? undefined : answer.code
}
const realmOf = (text: string, named: readonly string[] = []): Realm => {
  const answer = judgeRealm(registry, text, named)
  assert.ok(answer.ok, text)
  return answer.realm
}

describe('registry/realm', () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['https://reg.corp:5000/token', undefined],
    ['https://reg.corp/token', undefined],
    ['https://REG.corp:5001/auth/token?x=1', undefined],
    ['https://reg.corp', undefined],
    ['http://reg.corp:5000/token', 'realm-insecure'],
    ['HTTP://reg.corp/token', 'realm-insecure'],
    ['file:///etc/passwd', 'realm-insecure'],
    ['ftp://reg.corp/', 'realm-insecure'],
    ['https://user@reg.corp/token', 'realm-insecure'],
    ['https://user:secret@reg.corp/token', 'realm-insecure'],
    ['https://reg.corp@evil.example/token', 'realm-insecure'],
    ['https://evil.example/token', 'realm-foreign'],
    ['https://reg.corp.evil.example/token', 'realm-foreign'],
    ['https://evilreg.corp/token', 'realm-foreign'],
    ['https://169.254.169.254/latest/meta-data', 'realm-foreign'],
    ['https://[::ffff:169.254.169.254]/', 'realm-foreign'],
    ['https://[::1]:5000/', 'realm-foreign'],
    ['https://evil.example\\@reg.corp/', 'bad-challenge'],
    ['https://evil.example\\.reg.corp/', 'bad-challenge'],
    ['https://reg.corp\t.evil.example/', 'bad-challenge'],
    ['https://reg.corp\n/token', 'bad-challenge'],
    ['https://rég.corp/token', 'bad-challenge'],
    ['https://reg%2ecorp/token', 'bad-challenge'],
    ['https://127.1/token', 'bad-challenge'],
    ['https://2130706433/', 'bad-challenge'],
    ['https://reg.corp:0/', 'bad-challenge'],
    ['https://reg.corp:99999/', 'bad-challenge'],
    ['https://reg.corp:/', 'bad-challenge'],
    ['https:///token', 'bad-challenge'],
    ['https:reg.corp/token', 'bad-challenge'],
    ['https:/reg.corp/token', 'bad-challenge'],
    ['//reg.corp/token', 'bad-challenge'],
    ['/token', 'bad-challenge'],
    ['reg.corp/token', 'bad-challenge'],
    ['::', 'bad-challenge'],
    ['', 'bad-challenge'],
    [`https://reg.corp/${'x'.repeat(3000)}`, 'bad-challenge'],
  ]
  for (const [text, expected] of cases) {
    it(`${expected ?? 'may be asked'}: ${JSON.stringify(text.slice(0, 60))}`, () => {
      assert.equal(refusal(text), expected)
    })
  }

  it('another host may be asked once it is named, with any port or with that one', () => {
    const text = 'https://auth.corp:5001/token'
    assert.deepEqual(judgeRealm(registry, text, []), {
      ok: false,
      code: 'realm-foreign',
      why: 'the token service auth.corp:5001 is another host than the registry',
      authority: 'auth.corp:5001',
    })
    for (const named of ['auth.corp', 'auth.corp:5001', 'AUTH.corp'])
      assert.equal(refusal(text, [named]), undefined)
    for (const named of [
      'auth.corp:443',
      'corp',
      'uth.corp',
      'auth.corp.',
      'https://auth.corp',
      '*',
      '.corp',
    ])
      assert.equal(refusal(text, [named]), 'realm-foreign', named)
    assert.equal(refusal('http://auth.corp/token', ['auth.corp']), 'realm-insecure')
    assert.equal(refusal('https://u@auth.corp/token', ['auth.corp']), 'realm-insecure')
  })

  it('is never another host than the one that Node would call', () => {
    const piece = fc.constantFrom(
      'https://',
      'reg.corp',
      'evil.example',
      '@',
      ':',
      '/',
      '\\',
      '?',
      '#',
      '%40',
      '5000',
      '.',
      ' ',
      '[',
      ']',
    )
    const text = fc.array(piece, { maxLength: 8 }).map((all) => `https://${all.join('')}`)
    fc.assert(
      fc.property(fc.oneof(text, fc.string({ unit: 'binary' })), (candidate) => {
        const answer = judgeRealm(registry, candidate, [])
        if (!answer.ok) return
        const { protocol, hostname, username, password } = new URL(candidate)
        assert.deepEqual([protocol, hostname, username, password], ['https:', 'reg.corp', '', ''])
        assert.equal(answer.realm.target.host, 'reg.corp')
      }),
      { numRuns: 3000 },
    )
  })

  it('asks as Docker does, everything encoded, the own query kept', () => {
    const realm = realmOf('https://reg.corp/auth?tenant=a%26b#top')
    const path = tokenPath(realm, { service: 'my reg&x', account: 'joe&admin=1' })
    const { searchParams } = new URL(path, 'https://reg.corp')
    assert.deepEqual(
      [...searchParams],
      [
        ['tenant', 'a&b'],
        ['account', 'joe&admin=1'],
        ['client_id', 'docker'],
        ['offline_token', 'true'],
        ['service', 'my reg&x'],
      ],
    )
    assert.equal(
      tokenPath(realmOf('https://reg.corp'), { service: undefined }),
      '/?client_id=docker&offline_token=true',
    )
    assert.deepEqual(
      [...new URLSearchParams(refreshBody('s', 'a=b&c'))],
      [
        ['grant_type', 'refresh_token'],
        ['refresh_token', 'a=b&c'],
        ['client_id', 'docker'],
        ['service', 's'],
      ],
    )
  })
})
