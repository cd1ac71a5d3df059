import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { parseRegistry } from '../../src/registry/reference.ts'
import { containersEngines } from '../../src/runtimes/containers-programs.ts'
import { withoutRoot } from '../../src/runtimes/without-root.ts'
import { engineHere } from './daemon.ts'

describe('runtimes/without-root', () => {
  const { machine, path, put } = engineHere()
  const target = parseRegistry('reg.corp:5000')
  const system = '/etc/containers/certs.d/reg.corp:5000'

  it('a place of root’s is named and left; one of the person’s is made where there is none yet', async () => {
    const here = machine()
    const { home } = here.who().invoker
    const personal = `${home}/.config/containers/certs.d/reg.corp:5000`
    const [theirs] = containersEngines(undefined, true)
    const [everybodys] = containersEngines()
    assert.ok(theirs && everybodys)
    const survey = await theirs.survey(here, 2000)
    assert.deepEqual(await everybodys.trustDirectories(here, target), [system])
    assert.deepEqual(await theirs.trustDirectories(here, target), [personal])
    assert.equal((await withoutRoot(theirs).readTrust(here, target, survey)).byHand, undefined)

    fs.mkdirSync(path(system), { recursive: true })
    assert.deepEqual(await theirs.trustDirectories(here, target), [system])
    const { byHand } = await withoutRoot(theirs).readTrust(here, target, survey)
    assert.deepEqual(byHand, {
      why: `root alone writes to ${system}`,
      fix: 'sudo trust-registry reg.corp:5000 --runtime podman --ca CA.pem',
    })
  })

  it('of two names for one registry each place counts, and files of settings as well', async () => {
    const here = machine()
    const https = parseRegistry('reg.corp:443')
    fs.mkdirSync(path('/etc/containers/certs.d/reg.corp:443'), { recursive: true })
    const [podman] = containersEngines(undefined, true)
    assert.ok(podman)
    const own = withoutRoot(podman)
    const trust = await own.readTrust(here, https, await own.survey(here, 2000))
    assert.match(trust.byHand?.why ?? '', /certs\.d\/reg\.corp:443$/)

    put('etc/containers/registries.conf', '[[registry]]\nlocation = "reg.corp:5000"\ninsecure = true\n')
    const changes = await own.settings?.(here, target, { certificates: [], strict: true })
    assert.deepEqual(changes, [
      { path: '/etc/containers/registries.conf', byHand: 'root alone writes to it' },
    ])
  })
})
