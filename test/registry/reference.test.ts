import assert from 'node:assert/strict'
import { TrustError } from '../../src/errors.ts'
import { parseRegistry, type Target } from '../../src/registry/reference.ts'

const label63 = 'a'.repeat(63)
const host253 = [label63, label63, label63, 'b'.repeat(61)].join('.')

/** What is typed; registry, host, kind, port. */
const good: readonly (readonly [string, string, string, Target['kind'], number])[] = [
  ['reg', 'reg', 'reg', 'name', 443],
  ['reg.corp', 'reg.corp', 'reg.corp', 'name', 443],
  ['reg.corp:443', 'reg.corp:443', 'reg.corp', 'name', 443],
  ['reg:5000', 'reg:5000', 'reg', 'name', 5000],
  ['my_reg-1.corp:65535', 'my_reg-1.corp:65535', 'my_reg-1.corp', 'name', 65_535],
  ['reg.corp:1', 'reg.corp:1', 'reg.corp', 'name', 1],
  ['localhost', 'localhost', 'localhost', 'name', 443],
  ['xn--e1afmkfd.xn--p1ai', 'xn--e1afmkfd.xn--p1ai', 'xn--e1afmkfd.xn--p1ai', 'name', 443],
  ['10.0.0.1:5000', '10.0.0.1:5000', '10.0.0.1', 'ipv4', 5000],
  ['127.0.0.1', '127.0.0.1', '127.0.0.1', 'ipv4', 443],
  ['[::1]:5000', '[::1]:5000', '::1', 'ipv6', 5000],
  ['[fd00::1]', '[fd00::1]', 'fd00::1', 'ipv6', 443],
  ['[::ffff:10.0.0.1]:5000', '[::ffff:10.0.0.1]:5000', '::ffff:10.0.0.1', 'ipv6', 5000],
  [host253, host253, host253, 'name', 443],
  [`${label63}.corp`, `${label63}.corp`, `${label63}.corp`, 'name', 443],
  ['0xg.corp', '0xg.corp', '0xg.corp', 'name', 443],
]

/** Longer texts, of which the registry part is used. */
const taken: readonly (readonly [string, string])[] = [
  ['https://reg.corp:5000/v2/', 'reg.corp:5000'],
  ['HTTPS://reg.corp', 'reg.corp'],
  ['https://reg?x=1', 'reg'],
  ['https://[fd00::1]:5000/v2/', '[fd00::1]:5000'],
  ['reg.corp/team/app', 'reg.corp'],
  ['reg.corp:5000/team/app:1.2', 'reg.corp:5000'],
  [`reg.corp/app@sha256:${'a'.repeat(64)}`, 'reg.corp'],
  [`reg:5000/a/b__c-d.e:tag@sha256:${'0'.repeat(64)}`, 'reg:5000'],
  ['localhost/app', 'localhost'],
  ['[::1]:5000/app', '[::1]:5000'],
]

const bad: readonly (readonly [string, RegExp])[] = [
  ['', /empty/],
  ['-oX', /no host name/],
  ['-oProxyCommand=x', /no host name/],
  ['a.-b', /no host name/],
  ['..', /empty part/],
  ['a..b', /empty part/],
  ['.corp', /empty part/],
  ['reg.corp.', /empty part/],
  ['reg.corp/../x', /no image name/],
  ['reg.corp/', /no image name/],
  ['reg.corp/App', /no image name/],
  ['reg.corp//app', /no image name/],
  ['$(id)', /no host name/],
  ['`id`', /no host name/],
  ['a;b', /no host name/],
  ['a\\b', /no host name/],
  ['reg.corp\n', /U\+000A/],
  ['reg\tcorp', /U\+0009/],
  ['a b', /U\+0020/],
  ['reg\0', /U\+0000/],
  ['\u001b[2J', /U\+001B/],
  ['reg\u007f', /U\+007F/],
  ['reg\u0085', /U\+0085/],
  ['reg\u202ecorp', /U\+202E/],
  ['user:pw@h', /user name or password/],
  ['https://user:pw@h/', /user name or password/],
  ['a'.repeat(300), /300 characters/],
  [`${'a'.repeat(64)}.corp`, /no host name/],
  ['a.'.repeat(1500), /3000 characters/],
  ['h:0', /port is "0"/],
  ['h:70000', /port is "70000"/],
  ['h:65536', /port is "65536"/],
  ['h:', /port is ""/],
  ['h:05000', /port is "05000"/],
  ['h:+5', /port is/],
  ['h:5e3', /port is/],
  ['h:1:2', /no host name/],
  [':5000', /host is empty/],
  ['127.1', /neither a name nor a full IPv4/],
  ['0x7f.1', /neither a name nor a full IPv4/],
  ['127.0x1', /neither a name nor a full IPv4/],
  ['2130706433', /neither a name nor a full IPv4/],
  ['256.1.1.1', /neither a name nor a full IPv4/],
  ['010.0.0.1', /neither a name nor a full IPv4/],
  ['[::1', /no host name/],
  ['[]', /no IPv6 address/],
  ['[reg.corp]:5000', /no IPv6 address/],
  ['[fe80::1%eth0]:5000', /no IPv6 address/],
  ['[::1]:0', /port is "0"/],
  ['[::1]x', /port is "1\]x"/],
  ['http://reg.corp', /over https, not http/],
  ['file:///etc/passwd', /over https, not file/],
  ['https://', /host is empty/],
  ['https:///v2/', /host is empty/],
]

const refusal = (text: string): TrustError => {
  try {
    parseRegistry(text)
  } catch (error) {
    assert.ok(error instanceof TrustError, String(error))
    return error
  }
  return assert.fail(`${JSON.stringify(text)} was taken`)
}

describe('registry/reference', () => {
  for (const [text, registry, host, kind, port] of good) {
    it(`takes ${text.slice(0, 40)}`, () => {
      assert.deepEqual(parseRegistry(text), { registry, host, kind, port })
    })
  }

  for (const [text, registry] of taken) {
    it(`takes ${registry} from ${text.slice(0, 40)}`, () => {
      assert.deepEqual(parseRegistry(text), { ...parseRegistry(registry), takenFrom: text })
    })
  }

  for (const [text, why] of bad) {
    it(`refuses ${JSON.stringify(text.slice(0, 40))}`, () => {
      const error = refusal(text)
      assert.equal(error.code, 'bad-registry')
      assert.match(error.message, why)
      assert.ok((error.fix ?? '') !== '')
    })
  }

  for (const text of [
    'library/nginx',
    'nginx/',
    'a/../b',
    'docker.io',
    'docker.io/x',
    'index.docker.io:443',
  ]) {
    it(`knows that ${text} means Docker Hub`, () => {
      assert.equal(refusal(text).code, 'docker-hub')
    })
  }

  it('shows the ASCII form of other scripts', () => {
    for (const text of ['рег.corp', 'рег.corp:5000', 'https://рег.corp/v2/', 'рег.corp/app']) {
      const port = text.includes(':5000') ? ':5000' : ''
      assert.equal(refusal(text).fix, `the name in ASCII: xn--c1ad6a.corp${port}`, text)
    }
    // A Cyrillic а among Latin letters is the usual forgery.
    assert.equal(refusal('reg.b\u0430nk').fix, 'the name in ASCII: reg.xn--bnk-6cd')
  })

  it('shows how to write what was nearly right', () => {
    assert.equal(refusal('::1').fix, 'write [::1] or [::1]:PORT')
    assert.equal(refusal('::1:5000').fix, 'write [::1]:5000, or [::1:5000] if all of it is the address')
    assert.equal(refusal('Reg.Corp:5000').fix, 'write reg.corp:5000')
    assert.equal(refusal('https://Reg.Corp/v2/').fix, 'write reg.corp')
  })

  it('repeats no password, and no long text', () => {
    const digest = `@sha256:${'a'.repeat(64)}`
    const texts = [
      'bob:s3cret@h:5000',
      'https://bob:s3cret@h/v2/',
      'bob:s3/cret@h/x',
      `bob:s3cret@h/x${digest}`,
    ]
    for (const text of texts) {
      const { message, fix } = refusal(text)
      assert.doesNotMatch(`${message} ${fix ?? ''}`, /s3|cret|bob/, text)
      assert.match(message, /user name or password/)
    }
    assert.ok(refusal('x'.repeat(100_000)).message.length < 300)
  })
})
