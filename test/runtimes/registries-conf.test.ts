import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { dirname } from 'node:path'
import fc from 'fast-check'
import { readPolicy } from '../../src/runtimes/registries-conf.ts'
import { throwaway } from '../machine/throwaway.ts'

const SYSTEM = '/etc/containers/registries.conf'
const OWN = '/home/me/.config/containers/registries.conf'

describe('runtimes/registries-conf', () => {
  const { machine, path } = throwaway()
  const put = (file: string, text: string): void => {
    fs.mkdirSync(dirname(path(file)), { recursive: true })
    fs.writeFileSync(path(file), text)
  }
  const read = (registry = 'reg.corp:5000') => readPolicy(machine(), '/home/me', registry)
  const rule = (place: string, more = 'insecure = true'): string =>
    `[[registry]]\nlocation = ${JSON.stringify(place)}\n${more}\n`

  it('says nothing where there is no file', async () => {
    assert.deepEqual(await read(), {})
  })

  const cases: readonly [string, string, boolean][] = [
    ['reg.corp:5000', 'reg.corp:5000', true],
    ['reg.corp', 'reg.corp:5000', true],
    ['reg.corp', 'reg.corporate', false],
    ['reg.corp:5000', 'reg.corp', false],
    ['reg.corp:5000/team', 'reg.corp:5000', false],
    ['*.corp', 'reg.corp:5000', true],
    ['*.corp', 'corp', false],
    ['*.corp', 'reg.corporate', false],
  ]
  for (const [place, registry, hit] of cases) {
    it(`a prefix ${place} ${hit ? 'means' : 'does not mean'} ${registry}`, async () => {
      put(SYSTEM, `[[registry]]\nprefix = "${place}"\nlocation = "x"\ninsecure = true\n`)
      assert.equal((await read(registry)).insecure !== undefined, hit)
    })
  }

  it('the longest prefix counts, a drop-in comes after the file, one’s own file takes the place of the system’s', async () => {
    put(SYSTEM, rule('reg.corp') + rule('reg.corp:5000', 'insecure = false'))
    assert.deepEqual(await read(), {})
    put(`${SYSTEM}.d/10.conf`, rule('reg.corp:5000', 'blocked = true'))
    assert.equal((await read()).fatal?.code, 'registry-blocked')
    put(`${OWN}.d/20.conf`, rule('reg.corp:5000'))
    assert.equal((await read()).insecure?.path, `${OWN}.d/20.conf`)
    put(OWN, '')
    fs.rmSync(path(`${OWN}.d`), { recursive: true })
    assert.equal((await read()).fatal?.path, `${SYSTEM}.d/10.conf`)
    fs.rmSync(path(`${SYSTEM}.d`), { recursive: true })
    assert.deepEqual(await read(), {}, 'the system’s file is not read beside one’s own')
  })

  it('reads the form before 2018', async () => {
    put(SYSTEM, '[registries.insecure]\nregistries = ["reg.corp:5000"]\n')
    assert.equal((await read()).insecure?.path, SYSTEM)
    put(SYSTEM, '[registries.block]\nregistries = ["reg.corp:5000"]\n')
    assert.equal((await read()).fatal?.code, 'registry-blocked')
  })

  it('whatever stands in it, there is an answer, and damage has a line', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ maxLength: 60 }),
          fc.constantFrom('[[registry]]', 'registry = 1', rule('x', 'insecure = "no"')),
        ),
        async (text) => {
          put(SYSTEM, text)
          const { fatal } = await read()
          if (fatal)
            assert.ok(fatal.code === 'config-damaged' && fatal.foreseen === false && fatal.message !== '')
        },
      ),
    )
    put(SYSTEM, '# fine\n[[registry]\n')
    assert.match((await read()).fatal?.message ?? '', /^line 3, column 1: |^line 2, column /)
  })
})
