import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync } from 'node:fs'
import { encodePem, type Certificate } from '../../src/x509/index.ts'
import { ca, read } from '../judge/evidence.ts'
import { approved, commit, fileOf, planned, worlds, type World } from './world.ts'

const A = 'reg.corp:5000'
const CERTS_D = '/etc/docker/certs.d'

describe('change: what stands in the way', () => {
  const world = worlds()
  let root: Certificate
  before(async () => {
    root = read(await ca('Root'))
  })

  it('does not overwrite, follow or enter what is not ours', async () => {
    const path = fileOf(root, A)
    const directory = `${CERTS_D}/${A}`
    const obstacles: readonly (readonly [string, (at: (path: string) => string) => void])[] = [
      [
        'a link under our name',
        (at) => {
          mkdirSync(at(directory), { recursive: true })
          symlinkSync('/etc/passwd', at(path))
        },
      ],
      [
        'a directory under our name',
        (at) => {
          mkdirSync(at(path), { recursive: true })
        },
      ],
      [
        'a link for a directory',
        (at) => {
          mkdirSync(at(CERTS_D), { recursive: true })
          mkdirSync(at('/srv'))
          symlinkSync(at('/srv'), at(directory))
        },
      ],
      [
        'a dangling link for a directory',
        (at) => {
          mkdirSync(at(CERTS_D), { recursive: true })
          symlinkSync('/nowhere', at(directory))
        },
      ],
    ]
    for (const [name, place] of obstacles) {
      const here = await world()
      place((where) => here.at(where))
      const before = here.snapshot()
      await assert.rejects(planned(here, A, approved(root)), { code: 'change-failed' }, name)
      assert.deepEqual(here.snapshot(), before, name)
    }
    const here = await world()
    here.write(path, 'not ours')
    await assert.rejects(planned(here, A, approved(root)), {
      code: 'change-failed',
      message: new RegExp(path),
    })
    const blocked = await world()
    blocked.write(CERTS_D, 'a file')
    await assert.rejects(planned(blocked, A, approved(root)), {
      code: 'change-failed',
      message: /a file stands/,
    })
  })

  it('does not overwrite what came into its place after it was looked at', async () => {
    const path = fileOf(root, A)
    const arrivals: Readonly<Record<string, (here: World) => void>> = {
      'a file': (here) => {
        here.write(path, 'theirs')
      },
      'a file with the same bytes': (here) => {
        here.write(path, encodePem(root.raw))
      },
      'a link': (here) => {
        here.write('/srv/victim', 'theirs')
        mkdirSync(here.at(`${CERTS_D}/${A}`), { recursive: true })
        symlinkSync('/srv/victim', here.at(path))
      },
      'a directory': (here) => {
        mkdirSync(here.at(path), { recursive: true })
      },
    }
    for (const [name, arrive] of Object.entries(arrivals)) {
      const here = await world()
      mkdirSync(here.at(`${CERTS_D}/${A}`), { recursive: true })
      const plan = await planned(here, A, approved(root))
      arrive(here)
      const before = here.snapshot()
      await assert.rejects(commit(here, plan), { code: 'change-failed', message: /there already/ }, name)
      assert.deepEqual(here.snapshot(), before, name)
      assert.deepEqual(here.memory(), ['lock'], name)
    }
  })

  it('does not enter a directory that became a link after it was looked at', async () => {
    const here = await world()
    mkdirSync(here.at(`${CERTS_D}/${A}`), { recursive: true })
    mkdirSync(here.at('/srv'))
    const plan = await planned(here, A, approved(root))
    await here.machine.removeDirectory(`${CERTS_D}/${A}`)
    symlinkSync(here.at('/srv'), here.at(`${CERTS_D}/${A}`))
    const before = here.snapshot()
    await assert.rejects(commit(here, plan), { code: 'change-failed' })
    assert.deepEqual(here.snapshot(), before)
  })
})
