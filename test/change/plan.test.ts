import assert from 'node:assert/strict'
import { chmodSync, readFileSync, statSync } from 'node:fs'
import { isEmpty } from '../../src/change/index.ts'
import { encodePem, type Certificate } from '../../src/x509/index.ts'
import { alone, ca, read } from '../judge/evidence.ts'
import { approved, commit, fileOf, planned, trust, undo, worlds } from './world.ts'

const A = 'reg.corp:5000'
const B = 'other.corp:5000'
const CERTS_D = '/etc/docker/certs.d'

describe('change: the plan for an installation', () => {
  const world = worlds()
  let root: Certificate
  let next: Certificate
  before(async () => {
    root = read(await ca('Root'))
    next = read(await ca('Next Root'))
  })

  it('makes directories and one file for each certificate on a fresh machine', async () => {
    const here = await world()
    const plan = await trust(here, A, approved(root, next))
    const files = [fileOf(root, A), fileOf(next, A)]
    assert.deepEqual(
      plan.items.map((item) => [item.action, item.target, item.privileged]),
      files.map((path) => ['write', path, true]),
    )
    assert.deepEqual(
      plan.changes.map((change) => [change.state, change.path]),
      files.map((path) => ['written', path]),
    )
    assert.deepEqual(
      plan.items.map((item) => item.reason),
      [`Root, for ${A} only`, `Next Root, for ${A} only`],
    )
    for (const [index, certificate] of [root, next].entries()) {
      const path = here.at(files[index] ?? '')
      assert.equal(readFileSync(path, 'utf8'), encodePem(certificate.raw))
      assert.equal(statSync(path).mode & 0o777, 0o644)
    }
    const records = await here.state.records()
    assert.deepEqual(records.directories, ['/etc', '/etc/docker', CERTS_D, `${CERTS_D}/${A}`])
    assert.deepEqual(
      records.files.map((file) => [file.path, file.registries]),
      files.map((path) => [path, [A]]),
    )
    assert.equal(records.registries[0]?.identity.sha256, root.sha256)
    assert.equal(records.registries[0].anchor, root.raw.toString('base64'))
  })

  it('sets modes against any umask', async () => {
    for (const mask of [0o000, 0o077]) {
      const old = process.umask(mask)
      try {
        const here = await world()
        await trust(here, A, approved(root))
        assert.equal(statSync(here.at(fileOf(root, A))).mode & 0o777, 0o644)
        assert.equal(statSync(here.at(CERTS_D)).mode & 0o777, 0o755)
      } finally {
        process.umask(old)
      }
    }
  })

  it('changes nothing the second time, and remembers the first', async () => {
    const here = await world()
    await trust(here, A, approved(root))
    const [before, records] = [here.snapshot(), await here.state.records()]
    const again = await trust(here, A, approved(root))
    assert.ok(isEmpty(again))
    assert.deepEqual(again.items, [])
    assert.deepEqual(
      again.changes.map((change) => change.state),
      ['unchanged'],
    )
    assert.deepEqual(here.snapshot(), before)
    assert.deepEqual({ ...(await here.state.records()), last: '' }, { ...records, last: '' })
  })

  it('puts back a file of ours that is gone', async () => {
    const here = await world()
    await trust(here, A, approved(root))
    const before = here.snapshot()
    await here.machine.remove(fileOf(root, A))
    assert.ok(!isEmpty(await trust(here, A, approved(root))))
    assert.deepEqual(here.snapshot(), before)
  })

  it('gives a file of ours back the mode that somebody has changed, and undoes it to the byte', async () => {
    const here = await world()
    const empty = here.snapshot()
    await trust(here, A, approved(root))
    const [before, path] = [here.snapshot(), fileOf(root, A)]
    for (const mode of [0o600, 0o666]) {
      chmodSync(here.at(path), mode)
      const plan = await trust(here, A, approved(root))
      assert.deepEqual(
        plan.items.map(({ action, target, reason }) => [action, target, reason]),
        [['write', path, `its mode is ${mode.toString(8)}; it gets back what it had from us`]],
      )
      assert.deepEqual(
        plan.changes.map(({ state }) => state),
        ['written'],
      )
      assert.deepEqual(here.snapshot(), before)
      assert.ok(isEmpty(await planned(here, A, approved(root))))
    }
    chmodSync(here.at(path), 0o600)
    await undo(here, A)
    assert.deepEqual(here.snapshot(), empty)
  })

  it('puts the changed mode back where the proof fails', async () => {
    const here = await world()
    await trust(here, A, approved(root))
    chmodSync(here.at(fileOf(root, A)), 0o640)
    const before = here.snapshot()
    const refuse = (): Promise<void> => Promise.reject(new Error('the engine refuses'))
    const plan = await planned(here, A, approved(root))
    await assert.rejects(commit(here, plan, refuse), /the engine refuses/)
    assert.deepEqual(here.snapshot(), before)
  })

  it('sees by the mode alone, without root, that root has to give it back', async () => {
    const here = await world()
    await trust(here, A, approved(root))
    chmodSync(here.at(fileOf(root, A)), 0o600)
    const { machine: eyes } = here.restarted()
    eyes.who = () => ({ ...here.machine.who(), uid: 1000, privileged: false })
    eyes.read = (path) => Promise.reject(Object.assign(new Error(`EACCES, open ${path}`), { code: 'EACCES' }))
    const plan = await planned({ machine: eyes, state: here.state }, A, approved(root))
    assert.deepEqual(
      plan.items.map(({ target, privileged }) => [target, privileged]),
      [[fileOf(root, A), true]],
    )
  })

  it('serves two registries with one CA from two directories, and twins of port 443 from both names', async () => {
    const here = await world()
    await trust(here, A, approved(root))
    const second = await trust(here, B, approved(root))
    assert.deepEqual(
      second.items.map((item) => item.target),
      [fileOf(root, B)],
    )
    const twins = await trust(here, 'reg.corp', approved(root))
    const paths = [fileOf(root, 'reg.corp'), fileOf(root, 'reg.corp:443')]
    assert.deepEqual(
      twins.items.map((item) => item.target),
      paths,
    )
    assert.ok(isEmpty(await trust(here, 'reg.corp:443', approved(root))))
    const owners = (await here.state.records()).files.map((file) => file.registries)
    assert.deepEqual(owners, [[A], [B], ['reg.corp', 'reg.corp:443'], ['reg.corp', 'reg.corp:443']])
  })

  it('keeps the old anchor beside the new one, and the record of the new one only', async () => {
    const here = await world()
    await trust(here, A, approved(root))
    await trust(here, A, approved(next))
    const records = await here.state.records()
    assert.deepEqual(
      records.files.map((file) => file.certificate),
      [root.sha256, next.sha256],
    )
    assert.deepEqual(
      records.registries.map((record) => record.identity.sha256),
      [next.sha256],
    )
  })

  it('never owns a file that was there before', async () => {
    const here = await world()
    here.write(fileOf(root, A), encodePem(root.raw))
    chmodSync(here.at(fileOf(root, A)), 0o600)
    const plan = await trust(here, A, approved(root))
    assert.ok(isEmpty(plan), 'a mode of their own is not ours to change')
    assert.deepEqual(
      plan.changes.map((change) => change.state),
      ['unchanged'],
    )
    const records = await here.state.records()
    assert.deepEqual([records.files, records.directories], [[], []])
    assert.equal(records.registries.length, 1)
  })

  it('installs a self-signed certificate as it is', async () => {
    const here = await world()
    const self = read(await alone())
    await trust(here, A, approved(self))
    assert.equal(readFileSync(here.at(fileOf(self, A)), 'utf8'), encodePem(self.raw))
  })
})
