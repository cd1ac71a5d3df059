import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { dirname } from 'node:path'
import { parseRegistry } from '../../src/registry/reference.ts'
import { preparedEngines } from '../../src/runtimes/prepared.ts'
import type { SettingsChange } from '../../src/runtimes/settings.ts'
import { ca } from '../judge/evidence.ts'
import { throwaway } from '../machine/throwaway.ts'

const target = parseRegistry('reg.corp:5000')
const TOML = '/etc/buildkit/buildkitd.toml'
const YAML = '/etc/rancher/k3s/registries.yaml'

/** The files as their documentation writes them: docs/buildkitd.toml.md, k3s-io/docs and rke2-docs private_registry.md. */
const documented = {
  buildkit: `debug = true
# root is where all buildkit state is stored.
root = "/var/lib/buildkit"

[registry."docker.io"]
  mirrors = ["hub.docker.io"] # first
  [[registry."docker.io".keypair]]
    key="/etc/config/key.pem"
    cert="/etc/config/cert.pem"
`,
  k3s: `mirrors:
  "registry.example.com:5000": # ours
    endpoint:
      - "https://registry.example.com:5000"
configs:
  "registry.example.com:5000":
    auth:
      username: xxxxxx # this is the registry username
      password: xxxxxx # this is the registry password
`,
  rke2: `mirrors:
  docker.io: # of the cluster
    endpoint:
      - "https://registry.example.com:5000"
configs:
  "registry.example.com:5000":
    auth:
      username: xxxxxx
      password: xxxxxx
    tls:
      cert_file: /etc/rke2/client.pem # path to the cert file used to authenticate to the registry
      key_file: /etc/rke2/client.key
`,
}

describe('runtimes/prepared', () => {
  const { machine, path } = throwaway()
  const put = (file: string, text: string): void => {
    fs.mkdirSync(dirname(path(file)), { recursive: true })
    fs.writeFileSync(path(file), text)
  }
  const engine = (name: string) =>
    preparedEngines().find((entry) => entry.name === name) ?? assert.fail(`no engine ${name}`)
  const settings = async (name: string, certificates: readonly string[]): Promise<SettingsChange> => {
    const [change, ...more] =
      (await engine(name).settings?.(machine(), target, { certificates, strict: false })) ?? []
    assert.equal(more.length, 0)
    return change ?? assert.fail('nothing to change')
  }
  const text = (change: SettingsChange): string => {
    assert.ok('bytes' in change, JSON.stringify(change))
    return change.bytes.toString('utf8')
  }

  const golden: readonly [string, string, string, string][] = [
    ['buildkit', TOML, documented.buildkit, '\n[registry."reg.corp:5000"]\nca = ["/c/x.crt"]\n'],
    ['k3s', YAML, documented.k3s, '  "reg.corp:5000":\n    tls:\n      ca_file: /c/x.crt\n'],
    [
      'rke2',
      '/etc/rancher/rke2/registries.yaml',
      documented.rke2,
      '  "reg.corp:5000":\n    tls:\n      ca_file: /c/x.crt\n',
    ],
  ]
  for (const [name, file, before, added] of golden) {
    it(`${name}: a file of the documented form keeps every byte and gets the CA; a new one holds that alone`, async () => {
      put(file, before)
      assert.equal(text(await settings(name, ['/c/x.crt'])), before + added)
      fs.rmSync(path(file))
      const made = text(await settings(name, ['/c/x.crt']))
      assert.equal(made, name === 'buildkit' ? added.trimStart() : `configs:\n${added}`)
      put(file, made)
      assert.deepEqual(
        await engine(name).settings?.(machine(), target, { certificates: ['/c/x.crt'], strict: false }),
        [],
      )
    })

    it(`${name}: a damaged file is named with its place and left alone`, async () => {
      put(file, `${before}x = [\n: {\n`)
      const survey = await engine(name).survey(machine(), 1000)
      const { fatal } = await engine(name).readTrust(machine(), target, survey)
      assert.equal(fatal?.code, 'config-damaged')
      assert.match(fatal.message, /^line \d+, column \d+: /)
      assert.ok('byHand' in (await settings(name, ['/c/x.crt'])))
    })
  }

  it('what the file names is trusted; what switches the check off is told', async () => {
    const root = await ca('Root')
    put('/c/x.crt', root.pem)
    put(
      YAML,
      'configs:\n  "reg.corp:5000":\n    tls:\n      ca_file: /c/x.crt\n      insecure_skip_verify: true\n',
    )
    const survey = await engine('k3s').survey(machine(), 1000)
    const trust = await engine('k3s').readTrust(machine(), target, survey)
    assert.equal(trust.pool.size, 1)
    assert.equal(trust.insecure?.path, YAML)
    assert.deepEqual([survey.state, survey.installed], ['absent', false])
  })

  it('in an image it rests, so nobody takes it for an engine that could log in', async () => {
    const which = (name: string): Promise<string> => Promise.resolve(`/usr/bin/${name}`)
    const image = Object.assign(machine(), { atRest: true as const, which })
    for (const { name } of preparedEngines())
      assert.equal((await engine(name).survey(image, 1000)).state, 'at-rest', name)
    const running = Object.assign(machine(), { which })
    assert.equal((await engine('k3s').survey(running, 1000)).state, 'unreachable')
  })

  it('a client certificate beside the CA: in a new file, and behind what others have put there', async () => {
    const certificates = ['/c/x.crt']
    const clients = [['/c/me.cert', '/c/me.key']] as const
    const change = async (name: string): Promise<SettingsChange> => {
      const [only] =
        (await engine(name).settings?.(machine(), target, { certificates, clients, strict: false })) ?? []
      return only ?? assert.fail('nothing to change')
    }
    for (const file of [TOML, YAML]) fs.rmSync(path(file), { force: true })
    const tls = '    tls:\n      ca_file: /c/x.crt\n      cert_file: /c/me.cert\n      key_file: /c/me.key\n'
    assert.equal(text(await change('k3s')), `configs:\n  "reg.corp:5000":\n${tls}`)
    const table = '[registry."reg.corp:5000"]\nca = ["/c/x.crt"]\n'
    const pair = '\n[[registry."reg.corp:5000".keypair]]\nkey = "/c/me.key"\ncert = "/c/me.cert"\n'
    assert.equal(text(await change('buildkit')), table + pair)
    const theirs = '[[registry."reg.corp:5000".keypair]]\nkey="/k"\ncert="/c"\n'
    put(TOML, table + theirs)
    assert.equal(text(await change('buildkit')), table + theirs + pair)
    put(YAML, 'configs:\n  "reg.corp:5000":\n    tls:\n      ca_file: /c/x.crt\n      cert_file: /c\n')
    const left = await change('k3s')
    assert.match('byHand' in left ? left.byHand : '', /^cert_file names one file/)
  })

  it('k3s reads one file of CAs: a second is a person’s to join to the first; buildkit has a list', async () => {
    put(YAML, 'configs:\n  "reg.corp:5000":\n    tls:\n      ca_file: /theirs.pem\n')
    assert.ok('byHand' in (await settings('k3s', ['/c/x.crt'])))
    put(TOML, '[registry."reg.corp:5000"]\nca = ["/theirs.pem"] # theirs\n')
    assert.match(
      text(await settings('buildkit', ['/c/x.crt'])),
      /ca = \["\/theirs\.pem", "\/c\/x\.crt"\] # theirs/,
    )
  })
})
