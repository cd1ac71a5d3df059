import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { parseRegistry } from '../../src/registry/reference.ts'
import { DockerEngine } from '../../src/runtimes/docker.ts'
import { entriesByHand } from '../../src/runtimes/docker-insecure.ts'
import { daemon, engineHere } from './daemon.ts'

const DAEMON_JSON = '/etc/docker/daemon.json'
const SOCKET = '/var/run/docker.sock'

describe('runtimes/docker-insecure: what a person has to take out', () => {
  const { machine, path, put, start, engine } = engineHere()
  const facts = { insecureRegistries: ['reg:5000'], insecureNetworks: ['127.0.0.0/8', '::1/128'] }
  const file = (text: string, name = DAEMON_JSON, mode = 0o644) => {
    put(name.slice(1), text, mode)
  }
  const running = (...argv: readonly string[]) => {
    put('var/run/docker.pid', '77\n')
    put('proc/77/stat', `77 (dockerd) S ${Array.from({ length: 18 }, () => '1').join(' ')} 40000 0 0\n`)
    put('proc/77/cmdline', ['dockerd', ...argv, ''].join('\0'))
  }
  const look = async (more: object = {}, socket = SOCKET) =>
    (await entriesByHand(machine(), { ...facts, ...more }, socket, DAEMON_JSON)).entriesByHand

  beforeEach(() => {
    for (const folder of ['etc/docker', 'etc/default', 'etc/init.d', 'usr/sbin', 'srv'])
      fs.mkdirSync(path(folder), { recursive: true })
  })

  it('nothing where the entry stands in a file that we may edit, or nothing is listed', async () => {
    running()
    file('{"insecure-registries": ["http://reg:5000"]}')
    assert.deepEqual(await look(), [])
    assert.equal(await look({ insecureRegistries: [] }), undefined)
  })

  it('a flag is named, with the line for the file where it is written and for what restarts dockerd', async () => {
    for (const words of [['--insecure-registry', 'https://reg:5000'], ['--insecure-registry=reg:5000']]) {
      running(...words)
      const [entry, ...others] = (await look()) ?? []
      assert.deepEqual([entry?.entry, others], ['reg:5000', []])
      assert.equal(entry?.where, 'the flag --insecure-registry=reg:5000 of dockerd')
      assert.equal(entry.fix, 'stop dockerd and start it without --insecure-registry=reg:5000')
    }
    put('etc/init.d/docker', '', 0o755)
    put('usr/sbin/service', '', 0o755)
    assert.match((await look())?.[0]?.fix ?? '', /^service docker restart {6}# once --insecure-registry/)
    put('etc/default/docker', 'DOCKER_OPTS="--insecure-registry=reg:5000"\n')
    const line = 'service docker restart      # take --insecure-registry=reg:5000 out'
    assert.equal((await look())?.[0]?.fix, `\${EDITOR:-vi} /etc/default/docker && ${line}`)
  })

  it('a file that we leave alone: why, and how the daemon is told', async () => {
    running()
    const [list, key] = ['"insecure-registries": ["reg:5000"]', '"debug": true']
    file(`{${list}, ${key}, ${key}}`)
    const twice = (await look())?.[0]
    assert.equal(twice?.where, DAEMON_JSON)
    assert.equal(
      twice.fix,
      `\${EDITOR:-vi} ${DAEMON_JSON} && kill -HUP 77      # take "reg:5000" out of "insecure-registries" (a key stands there twice)`,
    )
    file(`{${list}}`)
    fs.chmodSync(path('etc/docker/daemon.json'), 0o666)
    assert.match((await look())?.[0]?.fix ?? '', /everybody may write to it/)
  })

  it('a network, and what the file does not name any more', async () => {
    running()
    file('{"insecure-registries": ["10.0.0.0/8"]}')
    const found = (await look({ insecureNetworks: ['127.0.0.0/8', '10.0.0.0/8'] })) ?? []
    assert.deepEqual(
      found.map(({ entry, where }) => [entry, where]),
      [
        ['reg:5000', 'what dockerd has read before'],
        ['10.0.0.0/8', DAEMON_JSON],
      ],
    )
  })

  it('another daemon than the system’s own: its settings are not ours to know', async () => {
    running('-H', 'unix:///var/run/docker.sock')
    file('{"insecure-registries": ["reg:5000"]}')
    const [entry] = (await look({}, '/srv/docker.sock')) ?? []
    assert.match(`${entry?.where} ${entry?.fix}`, /^the settings of the dockerd behind \/srv\/docker\.sock /)
  })

  it('--config-file: that file is read, judged and edited, and none in /etc', async () => {
    running('--config-file', '/srv/docker.json')
    const info = { RegistryConfig: { IndexConfigs: { 'reg:5000': { Secure: false } } } }
    await start({ 'GET /version': [200, {}], 'GET /info': [200, info] })
    file('{ damaged')
    file('{"insecure-registries": ["reg:5000"]}', '/srv/docker.json')
    const survey = await engine.survey(machine(), 2000)
    assert.deepEqual([survey.settingsFile, survey.entriesByHand], ['/srv/docker.json', []])
    const target = parseRegistry('reg:5000')
    const edits = await engine.settings(machine(), target, { certificates: [], strict: true })
    assert.deepEqual(
      edits.map((edit) => edit.path),
      ['/srv/docker.json'],
    )
    assert.deepEqual((await engine.readTrust(machine(), target, survey)).ignored, [])
  })

  it('its hosts say where it listens', async () => {
    running('--config-file=/srv/docker.json')
    file('{"hosts": ["unix:///srv/docker.sock"]}', '/srv/docker.json')
    put('proc/77/environ', 'SSL_CERT_FILE=/own.pem\0')
    await daemon(path('srv/docker.sock'), { 'GET /version': [200, {}], 'GET /info': [200, {}] })
    const survey = await new DockerEngine('/srv/docker.sock').survey(machine(), 2000)
    assert.equal(survey.environment.SSL_CERT_FILE, '/own.pem')
  })
})
