import assert from 'node:assert/strict'
import type { Context } from '../../../src/cli/flow/context.ts'
import { surveyMachine } from '../../../src/cli/flow/survey.ts'
import type { Engine } from '../../../src/runtimes/engine.ts'
import { throwaway } from '../../machine/throwaway.ts'

interface Known {
  readonly name: string
  readonly installed: boolean
  readonly runtime?: string
  readonly asCaller?: true
}

describe('cli/flow/survey', () => {
  const { machine } = throwaway()
  const names = async (known: readonly Known[], more: object = {}): Promise<readonly string[]> => {
    const engines = known.map(({ installed, ...engine }): Partial<Engine> => {
      const state = installed ? 'running' : 'absent'
      return { ...engine, survey: () => Promise.resolve({ installed, state, environment: {} }) as never }
    })
    const context = {
      engines,
      machine: Object.assign(machine(), { atRest: true }),
      options: { command: 'trust', runtimes: [], timeoutMs: 1000 },
      state: { records: () => Promise.resolve(undefined) },
      ...more,
    } as unknown as Context
    return (await surveyMachine(context)).engines.map(({ engine }) => engine.name)
  }

  it('where no engine is here, or only programs that go with one, the first stands for what is missing', async () => {
    const docker = { name: 'docker', installed: false }
    const client = { name: 'docker-cli', runtime: 'docker', installed: true }
    const podman = { name: 'podman', installed: false }
    assert.deepEqual(await names([docker, { ...client, installed: false }, podman]), ['docker'])
    assert.deepEqual(await names([docker, client, podman]), ['docker', 'docker-cli'])
    assert.deepEqual(await names([docker, client, { ...podman, installed: true }]), ['docker-cli', 'podman'])
  })

  it('what runs as a person is left out where root’s client certificate is placed, unless it is all there is', async () => {
    const docker = { name: 'docker', installed: true }
    const podman = { name: 'podman', installed: true, asCaller: true } as const
    const as = (uid: number): object => {
      const here = machine()
      const who = { ...here.who(), invoker: { ...here.who().invoker, uid } }
      return { client: {}, machine: Object.assign(here, { atRest: true, who: () => who }) }
    }
    assert.deepEqual(await names([docker, podman], as(1001)), ['docker'])
    assert.deepEqual(await names([docker, podman], as(0)), ['docker', 'podman'])
    assert.deepEqual(await names([docker, podman]), ['docker', 'podman'])
    assert.deepEqual(await names([{ ...docker, installed: false }, podman], as(1001)), ['podman'])
    const options = { command: 'trust', runtimes: ['docker', 'podman'], timeoutMs: 1000 }
    assert.deepEqual(await names([docker, podman], { ...as(1001), options }), ['docker', 'podman'])
  })
})
