import assert from 'node:assert/strict'
import type { EngineAnswer, TrustDirectory } from '../../src/runtimes/engine.ts'
import { byItsOwnWord } from '../../src/runtimes/own-word.ts'
import { CertPool } from '../../src/x509/index.ts'

const DIR = '/etc/docker/certs.d/reg:5000'
const shut = (file: string) => `open ${file}: permission denied`
const PULL = 'failed to resolve reference "reg:5000/x:1": '

describe('runtimes/own-word: whose rights count', () => {
  const directory = (message?: string, state: TrustDirectory['state'] = 'read'): TrustDirectory => ({
    ...{ path: DIR, state, pool: new CertPool(), ignored: [], misnamed: [], symlink: false },
    ...(message === undefined ? {} : { fatal: { code: 'client-cert-orphan', path: DIR, message } }),
  })
  const refused = (message: string): EngineAnswer => ({ outcome: 'refused', message })
  const accepted: EngineAnswer = { outcome: 'accepted', message: '' }

  it('what the engine may not open is its fault, in its words, though we can read it', () => {
    for (const [message, path, words] of [
      [shut(DIR), DIR, shut(DIR)],
      [`${PULL}stat ${DIR}_: permission denied`, `${DIR}_`, `stat ${DIR}_: permission denied`],
      [`${PULL}unable to read CA cert "${DIR}/a.crt": ${shut(`${DIR}/a.crt`)}`, `${DIR}/a.crt`, undefined],
    ] as const) {
      const { fatal } = byItsOwnWord(directory(), refused(message), true)
      const code = 'trust-directory-unreadable'
      assert.deepEqual(fatal, { code, path, message: words ?? shut(path), foreseen: false }, message)
    }
  })

  it('what we foresaw stays foreseen, and is about the file that is shut', () => {
    const words = `failed to load keypair for ${DIR}/a.cert: ${shut(`${DIR}/a.key`)}`
    const { fatal } = byItsOwnWord(directory(words), refused(PULL + words), false)
    assert.deepEqual(fatal, {
      code: 'trust-directory-unreadable',
      path: `${DIR}/a.key`,
      message: words,
    })
  })

  it('what only we may not open is no fault, and nothing is foreseen from what is left', () => {
    const mine = directory(shut(DIR), 'unreadable')
    for (const answer of [accepted, refused('x509: certificate signed by unknown authority')]) {
      const { fatal, closed } = byItsOwnWord(mine, answer, true)
      assert.deepEqual([fatal, closed], [undefined, undefined])
    }
    const unasked = byItsOwnWord(mine, undefined, false)
    assert.deepEqual([unasked.fatal, unasked.closed], [undefined, true])
    assert.equal(byItsOwnWord(directory(undefined, 'unreadable'), undefined, false).closed, true)
    assert.deepEqual(byItsOwnWord(mine, undefined, true), mine, 'an engine with our rights')
  })

  it('other faults, and words of a registry, are left alone', () => {
    const orphan = directory('missing client certificate a.cert for key a.key')
    assert.deepEqual(byItsOwnWord(orphan, refused(`${PULL}x509: unknown`), false), orphan)
    assert.deepEqual(byItsOwnWord(orphan, accepted, false), orphan)
    const denied = { outcome: 'accepted', message: 'denied: open /x: permission denied' } as const
    assert.equal(byItsOwnWord(directory(), denied, true).fatal, undefined)
  })

  it('a path that is none of its own is somebody else’s word, whatever it stands in', () => {
    for (const path of [
      '/etc/shadow',
      '/root/.docker/config.json',
      '/etc/docker/certs.d/other:5000/client.key',
      `${DIR}/../../../shadow`,
      `${DIR}0/client.key`,
      '/etc/docker/daemon.json',
    ]) {
      const seen = byItsOwnWord(directory(), refused(`x509: ${shut(path)}`), true)
      assert.equal(seen.fatal, undefined, path)
    }
    for (const path of [DIR, `${DIR}/a.key`, '/etc/docker/certs.d', '/etc/docker/certs.d/reg_5000_/ca.crt'])
      assert.equal(byItsOwnWord(directory(), refused(shut(path)), true).fatal?.path, path)
    const named = { ...directory(), overriddenBy: `${DIR}/hosts.toml` }
    assert.equal(byItsOwnWord(named, refused(shut('/srv/ca.pem')), true).fatal?.path, '/srv/ca.pem')
  })
})
