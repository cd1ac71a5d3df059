import assert from 'node:assert/strict'
import type { Context } from '../../../src/cli/flow/context.ts'
import { tryLogin, tryStored } from '../../../src/cli/flow/login.ts'
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
})
