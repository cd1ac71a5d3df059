import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { createCa } from '../../fixtures/pki.ts'
import { LocalMachine } from '../../src/machine/local.ts'
import { parseRegistry } from '../../src/registry/reference.ts'
import { unprivileged } from '../machine/throwaway.ts'
import { DockerEngine } from '../../src/runtimes/docker.ts'
import { closeDaemons, daemon, engineHere } from './daemon.ts'

const VERSION = [200, { Version: '20.10.24+dfsg1', GoVersion: 'go1.19.8' }] as const
const INFO = [
  200,
  {
    RegistryConfig: {
      InsecureRegistryCIDRs: ['::1/128', '127.0.0.0/8', '10.0.0.0/8'],
      IndexConfigs: { 'docker.io': { Secure: true }, 'old.corp:5000': { Secure: false }, odd: null },
    },
  },
] as const

/** A process of that name, which began 400 s after boot, behind that pid file. */
function putProcess(put: (file: string, text: string) => void, file: string, name: string): void {
  put(file, '77\n')
  put('proc/77/stat', `77 (${name}) S ${Array.from({ length: 18 }, () => '1').join(' ')} 40000 0 0\n`)
}

describe('runtimes/docker: survey', () => {
  const { machine, path, put, start, engine } = engineHere()
  const survey = () => engine.survey(machine(), 2000)
  const process = (name = 'dockerd') => {
    putProcess(put, 'var/run/docker.pid', name)
  }

  it('reads version and insecure registries', async () => {
    await start({ 'GET /version': VERSION, 'GET /info': INFO })
    const { state, installed, version, go, ...rest } = await survey()
    assert.deepEqual(
      [state, installed, version, go?.minor, go?.patch],
      ['running', true, '20.10.24+dfsg1', 19, 8],
    )
    assert.deepEqual(rest.insecureRegistries, ['old.corp:5000'])
    assert.deepEqual(rest.insecureNetworks, ['::1/128', '127.0.0.0/8', '10.0.0.0/8'])
    assert.deepEqual([rest.environment, rest.environmentAssumed, rest.startedMs], [{}, true, undefined])
  })

  it('keeps to the default where the daemon does not tell', async () => {
    await start({ 'GET /version': [500, { message: 'x' }], 'GET /info': [403, { message: 'not for you' }] })
    const { state, version, go, insecureNetworks, insecureRegistries } = await survey()
    assert.deepEqual([state, version, go, insecureRegistries], ['running', undefined, undefined, []])
    assert.deepEqual(insecureNetworks, ['127.0.0.0/8', '::1/128'])
  })

  it('reads the daemon’s environment and start', async () => {
    await start({ 'GET /version': VERSION, 'GET /info': INFO })
    process()
    put('proc/77/environ', 'HOME=/\0SSL_CERT_FILE=/own.pem\0XSSL_CERT_DIR=/no\0SSL_CERT_DIR=\0')
    fs.utimesSync(path('proc/77'), 5000, 5000)
    const found = await survey()
    assert.deepEqual([found.environment, found.environmentAssumed], [{ SSL_CERT_FILE: '/own.pem' }, false])
    assert.equal(found.startedMs, 5_000_000)
  })

  it('believes the process rather than the date of its folder', async () => {
    await start({ 'GET /version': VERSION, 'GET /info': INFO })
    process()
    // Up for 1000 s; the process began at 400 s.
    put('proc/uptime', '1000.00 1900.00\n')
    const before = Date.now()
    const { startedMs = 0 } = await survey()
    const after = Date.now()
    assert.ok(startedMs >= before - 600_000 && startedMs <= after - 600_000, String(startedMs))
  })

  it('does without an environment that it may not read', async () => {
    await start({ 'GET /version': VERSION, 'GET /info': INFO })
    process()
    put('proc/77/environ', 'SSL_CERT_FILE=/own.pem\0', 0o000)
    fs.chmodSync(path('var/run/docker.sock'), 0o666)
    const found = await unprivileged(survey)
    assert.deepEqual([found.state, found.environment, found.environmentAssumed], ['running', {}, true])
  })

  it('believes nothing of another process that has the number of a stale pid file', async () => {
    await start({ 'GET /version': VERSION, 'GET /info': INFO })
    for (const name of ['postgres', 'dockerd-rootless', 'dockerd) Z (dockerd']) {
      process(name)
      put('proc/77/environ', 'SSL_CERT_FILE=/own.pem\0HTTPS_PROXY=http://proxy.corp:3128\0')
      const { environment, environmentAssumed, startedMs, proxy } = await survey()
      assert.deepEqual(
        [environment, environmentAssumed, startedMs, proxy],
        [{}, true, undefined, undefined],
        name,
      )
    }
  })

  it('believes nothing of a daemon that listens elsewhere, and edits nothing for another', async () => {
    await start({ 'GET /version': VERSION, 'GET /info': INFO })
    process()
    put('proc/77/environ', 'SSL_CERT_FILE=/own.pem\0')
    fs.mkdirSync(path('etc/docker'), { recursive: true })
    put('etc/docker/daemon.json', JSON.stringify({ 'insecure-registries': ['old.corp:5000'] }))
    const look = async (...argv: readonly string[]) => {
      put('proc/77/cmdline', ['dockerd', ...argv, ''].join('\0'))
      const { environment } = await survey()
      const edits = await engine.settings(machine(), parseRegistry('old.corp:5000'), {
        certificates: [],
        strict: true,
      })
      return [environment.SSL_CERT_FILE, edits.length]
    }
    for (const argv of [[], ['-H', 'fd://'], ['-H', 'unix://'], ['-H', 'unix:///run/docker.sock']])
      assert.deepEqual(await look(...argv), ['/own.pem', 1], argv.join(' '))
    for (const argv of [['-H', 'unix:///srv/docker.sock'], ['--host=tcp://127.0.0.1:2375']])
      assert.deepEqual(await look(...argv), [undefined, 0], argv.join(' '))
  })

  it('takes a masked password for one that it does not know', async () => {
    const masked = { ...INFO[1], HttpsProxy: 'http://xxxxx:xxxxx@proxy.corp:3128', NoProxy: 'here.corp' }
    await start({ 'GET /version': VERSION, 'GET /info': [200, masked] })
    const hidden = { https: masked.HttpsProxy, no: 'here.corp', hidden: true }
    assert.deepEqual((await survey()).proxy, hidden)
    process()
    put('proc/77/environ', 'HTTPS_PROXY=http://joe:secret@other.corp:3128\0')
    assert.deepEqual((await survey()).proxy, hidden, 'daemon.json wins over the environment')
    put('proc/77/environ', 'HTTPS_PROXY=http://joe:secret@proxy.corp:3128\0')
    const known = { https: 'http://joe:secret@proxy.corp:3128', no: 'here.corp' }
    assert.deepEqual((await survey()).proxy, known)
    put('proc/77/environ', '')
    fs.mkdirSync(path('etc/docker'), { recursive: true })
    put('etc/docker/daemon.json', JSON.stringify({ proxies: { 'https-proxy': known.https } }))
    assert.deepEqual((await survey()).proxy, known)
  })

  it('tells absent, down and out of reach apart', async () => {
    const absent = await survey()
    assert.deepEqual([absent.installed, absent.state, absent.problem], [false, 'absent', undefined])
    put('usr/bin/dockerd', '', 0o755)
    const stopped = await survey()
    assert.deepEqual([stopped.installed, stopped.state], [true, 'down'])
    put('var/run/docker.sock')
    const dead = await survey()
    assert.deepEqual([dead.installed, dead.state], [true, 'down'])
    assert.match(dead.problem ?? '', /ECONNREFUSED/)
    fs.rmSync(path('var/run/docker.sock'))
    await start({ 'GET /version': VERSION, 'GET /info': INFO })
    fs.chmodSync(path('var/run/docker.sock'), 0o000)
    const closed = await unprivileged(survey)
    assert.deepEqual([closed.installed, closed.state], [true, 'unreachable'])
    assert.match(closed.problem ?? '', /EACCES/)
  })

  it('a docker program alone is none, as podman brings it, but where its place was named', async () => {
    put('usr/bin/docker', '#!/bin/sh\nexec podman "$@"\n', 0o755)
    fs.symlinkSync('podman/podman.sock', path('var/run/docker.sock'))
    const alone = await survey()
    assert.deepEqual([alone.installed, alone.state], [false, 'absent'])
    assert.match(alone.problem ?? '', /only the docker program/)
    const named = await new DockerEngine('/srv/docker.sock').survey(machine(), 2000)
    assert.deepEqual([named.installed, named.state], [true, 'down'])
    put('usr/bin/dockerd', '', 0o755)
    assert.deepEqual((await survey()).state, 'down')
  })

  it('tells what starts and stops it here', async () => {
    assert.equal((await survey()).service, 'none')
    for (const folder of ['etc/init.d', 'usr/sbin']) fs.mkdirSync(path(folder), { recursive: true })
    put('etc/init.d/docker', '', 0o755)
    put('usr/sbin/service', '', 0o755)
    await start({ 'GET /version': VERSION, 'GET /info': INFO })
    assert.equal((await survey()).service, 'sysv')
  })

  it('waits for no daemon that hangs', async () => {
    await start({ 'GET /version': VERSION, 'GET /info': () => undefined })
    const { installed, state, problem } = await engine.survey(machine(), 50)
    assert.deepEqual([installed, state], [true, 'down'])
    assert.ok(problem !== undefined && problem !== '')
  })
})

describe('runtimes/docker: other Dockers', () => {
  const { machine, path, put, start, engine } = engineHere()
  const seen = async (version: object, info: object) => {
    await start({ 'GET /version': [200, { ...VERSION[1], ...version }], 'GET /info': [200, info] })
    const survey = await engine.survey(machine(), 2000)
    const trust = await engine.readTrust(machine(), parseRegistry('reg:5000'), survey)
    return { survey, trust }
  }

  it('the snap keeps its files below its own folder, whether it answers or not', async () => {
    const snap = '/var/snap/docker/current/etc/docker/certs.d/reg:5000'
    const { survey, trust } = await seen({}, { DockerRootDir: '/var/snap/docker/common/var-lib-docker' })
    assert.deepEqual([survey.flavour, trust.path, trust.byHand], ['snap', snap, undefined])
    await closeDaemons()
    fs.rmSync(path('var/run/docker.sock'), { force: true })
    fs.mkdirSync(path('var/snap/docker/current'), { recursive: true })
    const silent = await engine.survey(machine(), 2000)
    assert.deepEqual([silent.installed, silent.state, silent.manager], [true, 'down', 'snap'])
    assert.deepEqual(await engine.trustDirectories(machine(), parseRegistry('reg:5000')), [snap])
  })

  it('Docker Desktop copies a folder of the person when it starts: nothing is written by us', async () => {
    for (const [version, info] of [
      [{ Platform: { Name: 'Docker Desktop 4.49.0 (208003)' } }, {}],
      [{}, { OperatingSystem: 'Docker Desktop' }],
    ] as const) {
      const { survey, trust } = await seen(version, info)
      assert.equal(survey.flavour, 'desktop')
      assert.match(trust.path, /\/\.docker\/certs\.d\/reg:5000$/)
      assert.match(
        trust.byHand?.fix ?? '',
        /^mkdir -p ~\S+reg:5000\ncp CA\.pem .*\n# then quit Docker Desktop/,
      )
      await closeDaemons()
    }
  })

  it('the socket of a person’s daemon tells whose it is where nobody answers', async () => {
    fs.mkdirSync(path('etc'), { recursive: true })
    put('etc/passwd', 'root:x:0:0::/root:/bin/sh\nann:x:1700:1700::/home/ann:/bin/sh\n')
    const theirs = new DockerEngine('/run/user/1700/docker.sock')
    put('usr/bin/dockerd', '', 0o755)
    const survey = await theirs.survey(machine(), 2000)
    assert.deepEqual(
      [survey.state, survey.manager],
      ['down', 'sudo -u ann env XDG_RUNTIME_DIR=/run/user/1700 systemctl --user'],
    )
    const [place] = await theirs.trustDirectories(machine(), parseRegistry('reg:5000'))
    assert.equal(place, '/home/ann/.config/docker/certs.d/reg:5000')
  })

  it('Podman on the socket is no Docker: nobody needs that row', async () => {
    const { survey } = await seen({ Components: [{ Name: 'Podman Engine', Version: '4.3.1' }] }, {})
    assert.deepEqual([survey.flavour, survey.state, survey.needed], ['podman', 'unreachable', false])
  })

  it('insecure-registries of another Docker are not in /etc: nothing there is edited for it', async () => {
    fs.mkdirSync(path('etc/docker'), { recursive: true })
    put('etc/docker/daemon.json', JSON.stringify({ 'insecure-registries': ['reg:5000'] }))
    const wish = { certificates: [], strict: true }
    const edits = () => engine.settings(machine(), parseRegistry('reg:5000'), wish)
    await seen({}, {})
    assert.equal((await edits()).length, 1)
    for (const info of [
      { SecurityOptions: ['name=rootless'] },
      { DockerRootDir: '/var/snap/docker/common/var-lib-docker' },
    ]) {
      await closeDaemons()
      await seen({}, info)
      assert.deepEqual(await edits(), [])
    }
  })

  it('a damaged daemon.json counts where it is that very daemon that reads it', async () => {
    fs.mkdirSync(path('etc/docker'), { recursive: true })
    fs.mkdirSync(path('var/snap/docker/current/config'), { recursive: true })
    put('etc/docker/daemon.json', '{ "debug": tru }')
    const damaged = ({ trust }: Awaited<ReturnType<typeof seen>>) =>
      trust.ignored.map(({ path: file, reason }) => `${file} ${reason}`)
    const [own, ...others] = damaged(await seen({}, {}))
    assert.match(own ?? '', /^\/etc\/docker\/daemon\.json line 1, column 12: /)
    assert.deepEqual(others, [])
    await closeDaemons()
    const snap = { DockerRootDir: '/var/snap/docker/common/var-lib-docker' }
    assert.deepEqual(damaged(await seen({}, snap)), [])
    await closeDaemons()
    put('var/snap/docker/current/config/daemon.json', '[]')
    assert.deepEqual(damaged(await seen({}, snap)), [
      '/var/snap/docker/current/config/daemon.json line 1, column 1: it is no JSON object',
    ])
  })

  it('a rootless daemon reads the folder of its own person, by its environment where that can be seen', async () => {
    const own = new DockerEngine('/run/user/1234/docker.sock')
    fs.mkdirSync(path('run/user/1234'), { recursive: true })
    fs.mkdirSync(path('etc'), { recursive: true })
    fs.mkdirSync(path('etc'), { recursive: true })
    put('etc/passwd', 'root:x:0:0::/root:/bin/sh\njoe:x:1234:1234::/home/joe:/bin/sh\n')
    const info = { SecurityOptions: ['name=seccomp,profile=default', 'name=rootless'] }
    await daemon(path('run/user/1234/docker.sock'), { 'GET /version': VERSION, 'GET /info': [200, info] })
    const target = parseRegistry('reg:5000')
    const trust = await own.readTrust(machine(), target, await own.survey(machine(), 2000))
    assert.equal(trust.path, '/home/joe/.config/docker/certs.d/reg:5000')
    assert.match(trust.byHand?.why ?? '', /rootless daemon of joe/)
    putProcess(put, 'run/user/1234/docker.pid', 'dockerd')
    put('proc/77/environ', 'HOME=/home/joe\0XDG_CONFIG_HOME=/srv/joe\0')
    await own.survey(machine(), 2000)
    assert.deepEqual(await own.trustDirectories(machine(), target), ['/srv/joe/docker/certs.d/reg:5000'])
  })
})

describe('runtimes/docker: directories', () => {
  const { machine, path, engine } = engineHere()
  const dirs = async (registry: string, platform: NodeJS.Platform = 'linux') => {
    const there = Object.assign(Object.create(machine()) as LocalMachine, { platform })
    const directories = await engine.trustDirectories(there, parseRegistry(registry))
    return directories.map((name) => name.replace('/etc/docker/certs.d/', ''))
  }

  it('bear the typed name first, then the twin of port 443', async () => {
    assert.deepEqual(await dirs('reg.corp:5000'), ['reg.corp:5000'])
    assert.deepEqual(await dirs('reg.corp'), ['reg.corp', 'reg.corp:443'])
    assert.deepEqual(await dirs('reg.corp:443'), ['reg.corp:443', 'reg.corp'])
    assert.deepEqual(await dirs('https://reg.corp/v2/'), ['reg.corp', 'reg.corp:443'])
    assert.deepEqual(await dirs('10.0.0.1:443/app'), ['10.0.0.1:443', '10.0.0.1'])
    assert.deepEqual(await dirs('[fd00::1]:5000'), ['[fd00::1]:5000'])
    assert.deepEqual(await dirs('[fd00::1]'), ['[fd00::1]', '[fd00::1]:443'])
  })

  it('have no colons on Windows', async () => {
    assert.deepEqual(await dirs('reg:5000', 'win32'), ['reg5000'])
    assert.deepEqual(await dirs('[fd00::1]:443', 'win32'), ['[fd001]443', '[fd001]'])
  })

  it('are read by the rules of the daemon’s version', async () => {
    const base = {
      insecureRegistries: [],
      insecureNetworks: [],
      environment: {},
      environmentAssumed: true,
    } as const
    const survey = {
      ...base,
      name: 'docker',
      kind: 'daemon',
      installed: true,
      state: 'running',
      loader: 'classic',
    } as const
    const read = (version?: string) =>
      engine.readTrust(machine(), parseRegistry('reg'), {
        ...survey,
        ...(version === undefined ? {} : { version }),
      })
    fs.mkdirSync(path('etc/docker/certs.d/reg_443'), { recursive: true })
    const absent = await read()
    const strays = absent.misnamed.map((stray) => stray.path)
    assert.deepEqual([absent.state, strays], ['absent', ['/etc/docker/certs.d/reg_443']])
    fs.mkdirSync(path('etc/docker/certs.d/reg'))
    fs.writeFileSync(path('etc/docker/certs.d/reg/a.cert'), '')
    assert.match((await read('20.10.24')).fatal?.message ?? '', /Note that CA certificates should/)
    for (const version of ['23.0.0', '28.5.2', undefined]) {
      assert.match((await read(version)).fatal?.message ?? '', /\. CA certificates must/)
    }
    const { pem } = await createCa({ name: 'a', keyKind: 'p-256' })
    fs.writeFileSync(path('etc/docker/certs.d/reg/ca.crt'), pem)
    assert.deepEqual((await read()).misnamed, [])
  })
})
