import assert from 'node:assert/strict'
import type { Context } from '../../../src/cli/flow/context.ts'
import { settle, tryLogin, tryStored, type Attempt } from '../../../src/cli/flow/login.ts'
import type { Case } from '../../../src/cli/flow/observe.ts'
import { parseRegistry } from '../../../src/registry/reference.ts'
import { CertPool } from '../../../src/x509/index.ts'

describe('cli/flow/login', () => {
  it('in an image no stored login is looked for, and no helper of it runs, whatever its engines say', async () => {
    const touched: string[] = []
    const touch = (target: object, name: string | symbol): unknown => {
      if (name !== 'atRest') touched.push(String(name))
      return Reflect.get(target, name)
    }
    const machine = new Proxy({ atRest: true }, { get: touch })
    const context = (username?: string): Context =>
      ({
        ...{ machine, strict: false, services: { io: { env: {} } } },
        options: { username, login: true, dryRun: false, tokenRealms: [] },
      }) as unknown as Context
    const engine = {
      survey: { name: 'buildkit', state: 'unreachable', loader: 'containerd' },
      ...{ store: CertPool.of(), trust: { pool: CertPool.of() } },
    }
    const seen = {
      target: parseRegistry('reg.corp:5000'),
      evidence: { engines: [engine], at: new Date() },
      judgement: { consumers: [] },
    } as unknown as Case
    assert.deepEqual(await tryStored(context(), seen, []), { kind: 'none' })
    const tried = await tryLogin(context('bob'), seen, [], 'secret')
    assert.deepEqual(tried.kind === 'settled' && tried.report.document, {
      ...{ attempted: false, ok: false },
      message: 'nothing runs in an image, so no password was sent',
    })
    assert.deepEqual(touched, [])
  })

  it('what is only shown logs nobody in, though it is there to be asked', async () => {
    const machine = {}
    const options = { username: 'bob', login: true, dryRun: false, tokenRealms: [] }
    const context = { machine, options } as unknown as Context
    const survey = { name: 'docker-cli', state: 'running', loader: 'classic' }
    const trusts = { store: CertPool.of(), trust: { pool: CertPool.of() } }
    const seen = {
      target: parseRegistry('reg.corp:5000'),
      evidence: { engines: [{ survey, required: false, ...trusts }], at: new Date() },
      judgement: { consumers: [] },
    } as unknown as Case
    const tried = await tryLogin(context, seen, [], 'secret')
    assert.equal(
      tried.kind === 'settled' && tried.report.document.message,
      'no engine answers, so no password was sent',
    )
  })

  it('a stored login that let us in is held out to the engine that it is for, where that one trusts the chain', async () => {
    const registry = 'reg.corp:5000'
    const asked: unknown[] = []
    const secret = { username: 'bob', password: 'canary' }
    const document = { attempted: true, ok: true, message: 'the login of config.json works' }
    const report = { document, findings: [], advisory: true } as const
    const attempt: Attempt = { kind: 'stored', report, secret, engine: 'docker' }
    const told = (
      answer: { ok: boolean; message: string } | undefined,
      { state = 'running', trusts = 'trusted', name = 'docker' } = {},
    ): ReturnType<typeof settle> => {
      const accepts = (...[, target, given]: readonly unknown[]): Promise<typeof answer> => {
        asked.push([(target as { registry: string }).registry, given])
        return Promise.resolve(answer)
      }
      const context = {
        ...{ engines: [{ name: 'other' }, { name, accepts }], options: { timeoutMs: 1 } },
        services: { progress: { stage: () => undefined } },
      } as unknown as Context
      const evidence = { engines: [{ survey: { name: 'docker', state } }] }
      const seen = { target: parseRegistry(registry), evidence } as unknown as Case
      return settle(context, seen, attempt, [{ name: 'docker', state: trusts }])
    }
    const good = { ok: true, message: 'Login Succeeded' }
    assert.equal((await told(good))?.document.message, 'the login of config.json works, and lets docker in')
    assert.deepEqual(asked, [[registry, secret]])
    const bad = await told({ ok: false, message: 'unauthorized: no' })
    const message =
      'the login of config.json works from here, but docker is not let in with it: unauthorized: no'
    assert.deepEqual([bad?.document.ok, bad?.document.message, bad?.advisory], [false, message, true])
    assert.deepEqual(
      bad?.findings.map(({ code, severity, fix }) => [code, severity, fix]),
      [['login-refused', 'warning', `docker login ${registry}      # to try it by itself`]],
    )
    assert.doesNotMatch(JSON.stringify(bad), /canary/)
    assert.equal(await told(undefined), report, 'it cannot be asked that')
    asked.length = 0
    for (const other of [{ state: 'unreachable' }, { trusts: 'refused' }, { name: 'elsewhere' }])
      assert.equal(await told(good, other), report)
    assert.deepEqual(asked, [], 'it goes to nobody else')
  })
})
