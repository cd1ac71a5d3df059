import assert from 'node:assert/strict'
import { parseRegistry } from '../../src/registry/reference.ts'
import { closeDaemons, engineHere } from './daemon.ts'

describe('runtimes/docker: the daemon’s own eyes', () => {
  const { machine, start, engine } = engineHere()
  const target = parseRegistry('reg:5000')
  const DISTRIBUTION = 'GET /distribution/reg:5000/trust-registry-probe/json'
  const PULL = `POST /images/create?fromImage=reg%3A5000%2Ftrust-registry-probe&tag=sha256:${'0'.repeat(64)}`
  const UNKNOWN = 'Get "https://reg:5000/v2/": x509: certificate signed by unknown authority'

  it('asks twice, without credentials', async () => {
    const asked = await start({
      'POST /auth': [500, { message: 'Get "https://reg:5000/v2/": no basic auth credentials' }],
      [DISTRIBUTION]: [404, { message: 'manifest unknown: manifest unknown' }],
    })
    const answer = await engine.ask(machine(), target, 2000)
    assert.deepEqual(answer, { outcome: 'accepted', message: 'manifest unknown: manifest unknown' })
    const login = asked.find(({ path }) => path === '/auth')
    assert.deepEqual(login?.body, { username: '', password: '', serveraddress: 'reg:5000' })
    assert.equal(asked.length, 2)
  })

  it('takes the refusal of the login before that of the pull, word for word', async () => {
    await start({
      'POST /auth': [500, { message: UNKNOWN }],
      [DISTRIBUTION]: [500, { message: 'Get "https://reg:5000/v2/": EOF' }],
    })
    assert.deepEqual(await engine.ask(machine(), target, 2000), { outcome: 'refused', message: UNKNOWN })
  })

  it('waits for neither before it asks the other', async () => {
    let both = (): void => undefined
    const asked: string[] = []
    const askedBoth = new Promise<void>((done) => (both = done))
    const held = (name: string) => (_request: unknown, response: { end(text: string): unknown }) => {
      asked.push(name)
      if (asked.length === 2) both()
      void askedBoth.then(() => response.end('{}'))
    }
    await start({ 'POST /auth': held('login'), [DISTRIBUTION]: held('pull') })
    assert.equal((await engine.ask(machine(), target, 2000)).outcome, 'accepted')
    assert.deepEqual(asked.sort(), ['login', 'pull'])
  })

  it('takes a refusal on the second look', async () => {
    await start({
      'POST /auth': [200, { Status: 'Login Succeeded' }],
      [DISTRIBUTION]: [500, { message: UNKNOWN }],
    })
    assert.deepEqual(await engine.ask(machine(), target, 2000), { outcome: 'refused', message: UNKNOWN })
  })

  it('proves a change by a pull as well, through its image path', async () => {
    const found = [404, { message: 'manifest unknown: manifest unknown' }] as const
    const login = [200, { Status: 'Login Succeeded' }] as const
    const missing = 'manifest for reg:5000/trust-registry-probe not found'
    for (const [pull, expected] of [
      [[404, { message: missing }], { outcome: 'accepted', message: missing }],
      [[500, { message: UNKNOWN }], { outcome: 'refused', message: UNKNOWN }],
      [
        [200, `{"status":"Pulling"}\n{"errorDetail":{"message":${JSON.stringify(UNKNOWN)}}}\n`],
        { outcome: 'refused', message: UNKNOWN },
      ],
    ] as const) {
      await start({ 'POST /auth': login, [DISTRIBUTION]: found, [PULL]: pull })
      assert.deepEqual(await engine.prove(machine(), target, 2000), expected)
      await closeDaemons()
    }
    await start({ 'POST /auth': [500, { message: UNKNOWN }], [DISTRIBUTION]: found, [PULL]: found })
    assert.deepEqual(await engine.prove(machine(), target, 2000), { outcome: 'refused', message: UNKNOWN })
  })

  it('leaves the pull to the row of its own where containerd has the images', async () => {
    const asked = await start({
      'GET /version': [200, { Version: '26.1.5' }],
      'GET /info': [200, { DriverStatus: [['driver-type', 'io.containerd.snapshotter.v1']] }],
      'POST /auth': [200, { Status: 'Login Succeeded' }],
      [DISTRIBUTION]: [404, { message: 'manifest unknown' }],
    })
    await engine.survey(machine(), 2000)
    assert.equal((await engine.prove(machine(), target, 2000)).outcome, 'accepted')
    assert.deepEqual(
      asked.filter(({ path }) => path.startsWith('/images')),
      [],
    )
  })

  it('logs in, and is told of an identity token', async () => {
    for (const [status, body, expected] of [
      [200, { Status: 'Login Succeeded', IdentityToken: '' }, { ok: true, message: 'Login Succeeded' }],
      [
        200,
        { Status: 'Login Succeeded', IdentityToken: 't' },
        { ok: true, message: 'Login Succeeded', identityToken: 't' },
      ],
      [401, { message: 'unauthorized: no' }, { ok: false, message: 'unauthorized: no' }],
      [500, { message: UNKNOWN }, { ok: false, message: UNKNOWN }],
    ] as const) {
      const asked = await start({ 'POST /auth': [status, body] })
      const credentials = { username: 'bob', password: 'pä"ss' }
      assert.deepEqual(await engine.login(machine(), target, credentials, 2000), expected)
      assert.deepEqual(asked[0]?.body, { ...credentials, serveraddress: 'reg:5000' })
      await closeDaemons()
    }
  })
})
