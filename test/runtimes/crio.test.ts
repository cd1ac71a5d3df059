import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { dirname } from 'node:path'
import { wordsOf } from '../../src/judge/engine-words.ts'
import { parseRegistry } from '../../src/registry/reference.ts'
import { CrioEngine } from '../../src/runtimes/crio.ts'
import type { TrustDirectory } from '../../src/runtimes/engine.ts'
import { newestGo } from '../../src/x509/index.ts'
import { ca } from '../judge/evidence.ts'
import { throwaway } from '../machine/throwaway.ts'
import { leaveOut } from '../support/left-out.ts'

const target = parseRegistry('reg.corp:5000')
const SYSTEM = '/etc/containers/certs.d/reg.corp:5000'
const DOCKER = '/etc/docker/certs.d/reg.corp:5000'
const CONF = '/etc/crio/crio.conf'

/** As crio.conf(5) and the package write it. */
const documented = `# The CRI-O configuration file specifies all of the available configuration options.
[crio]
log_dir = "/var/log/crio/pods"

# The crio.image table contains settings pertaining to the management of OCI images.
[crio.image]
default_transport = "docker://"
global_auth_file = ""
# List of registries to skip TLS verification for pulling images. Please
# consider configuring the registries via /etc/containers/registries.conf before
# changing them here.
insecure_registries = [
]
`

describe('runtimes/crio, by record of its documents', () => {
  const { machine, path } = throwaway()
  const engine = new CrioEngine()
  before(function () {
    if (process.platform === 'win32') leaveOut(this, 'no colon may stand in a name on Windows')
  })
  const put = (file: string, text: string): void => {
    fs.mkdirSync(dirname(path(file)), { recursive: true })
    fs.writeFileSync(path(file), text)
  }
  const read = async (): Promise<TrustDirectory> =>
    engine.readTrust(machine(), target, await engine.survey(machine()))

  it("the CA goes to containers' certs.d, or where a directory is already: nothing is merged", async () => {
    assert.deepEqual(await engine.trustDirectories(machine(), target), [SYSTEM])
    put(`${DOCKER}/ca.crt`, (await ca('Docker')).pem)
    assert.deepEqual(await engine.trustDirectories(machine(), target), [DOCKER])
    assert.deepEqual([(await read()).path, (await read()).pool.size], [DOCKER, 1])
    put(`${SYSTEM}/x.crt`, (await ca('System')).pem)
    const trust = await read()
    assert.equal(trust.path, SYSTEM)
    assert.equal(trust.pool.certificates[0]?.subject.commonName, 'System')
    assert.deepEqual(
      trust.shadowed?.map((other) => other.path),
      [DOCKER],
    )
  })

  it('a pair that does not fit ends every request, as in all of the family', async () => {
    put(`${SYSTEM}/a.key`, 'x')
    assert.equal((await read()).fatal?.code, 'client-key-orphan')
  })

  it('its own list of registries without a check, the last file that has one', async () => {
    put(CONF, documented)
    assert.equal((await read()).insecure, undefined)
    put(CONF, documented.replace('[\n]', '["reg.corp:5000"]'))
    assert.equal((await read()).insecure?.path, CONF)
    put('/etc/crio/crio.conf.d/10-more.conf', '[crio.image]\ninsecure_registries = []\n')
    assert.equal((await read()).insecure, undefined)
  })

  it('registries.conf counts for it as well', async () => {
    put('/etc/containers/registries.conf', '[[registry]]\nlocation = "reg.corp:5000"\ninsecure = true\n')
    assert.equal((await read()).insecure?.path, '/etc/containers/registries.conf')
  })

  it('damaged settings are named with their place', async () => {
    put(CONF, `${documented}x = [\n`)
    const { fatal } = await read()
    assert.deepEqual([fatal?.code, fatal?.path], ['config-damaged', CONF])
    assert.match(fatal?.message ?? '', /^line \d+, column \d+: /)
  })

  it('is shown where it is, and needed where it is named', async () => {
    assert.equal((await engine.survey(machine())).state, 'absent')
    const there = Object.assign(machine(), { which: (name: string) => Promise.resolve(`/usr/bin/${name}`) })
    const { installed, state, needed } = await engine.survey(there)
    assert.deepEqual([installed, state, needed], [true, 'unreachable', false])
    const { get } = wordsOf(await engine.survey(there), 'reg.corp:5000', newestGo)
    assert.equal(
      get('x509: y'),
      'pinging container registry reg.corp:5000: Get "https://reg.corp:5000/v2/": x509: y',
    )
  })
})
