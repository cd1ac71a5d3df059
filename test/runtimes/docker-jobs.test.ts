import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { parseRegistry } from '../../src/registry/reference.ts'
import { dockerJobs } from '../../src/runtimes/docker-jobs.ts'
import { engineHere } from './daemon.ts'

describe('runtimes/docker-jobs', () => {
  const { machine, start, path, engine } = engineHere()
  const base = '/etc/docker/certs.d'

  it('names the CA in the hosts.toml of both directories that port 443 has, by the name of each', async () => {
    await start({
      'GET /version': [200, { Version: '28.5.2', GoVersion: 'go1.24.4' }],
      'GET /info': [200, {}],
    })
    const build = dockerJobs(engine).find(({ name }) => name === 'docker-build')
    const survey = await build?.survey(machine(), 2000)
    assert.equal(survey?.loader, 'containerd')
    const names = ['reg.corp', 'reg.corp:443']
    for (const name of names) {
      fs.mkdirSync(path(`${base}/${name}`), { recursive: true })
      fs.writeFileSync(path(`${base}/${name}/hosts.toml`), `[host."https://${name}"]\n`)
    }
    const certificates = names.map((name) => `${base}/${name}/ca.crt`)
    const wish = { certificates, strict: false }
    const edits = (await build?.settings?.(machine(), parseRegistry('reg.corp'), wish)) ?? []
    for (const name of names) {
      const edit = edits.find(({ path: file }) => file === `${base}/${name}/hosts.toml`)
      const text = edit && 'bytes' in edit ? edit.bytes.toString() : ''
      assert.ok(
        text.includes(`[host."https://${name}"]\nca = ["${base}/${name}/ca.crt"]\n`),
        `${name}: ${text}`,
      )
    }
  })
})
