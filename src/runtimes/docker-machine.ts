import { posix } from 'node:path'
import type { Machine } from '../machine/machine.ts'
import { readToml } from './config/toml.ts'
import { field, text } from './docker-api.ts'
import { json } from './docker-context.ts'

type Env = Readonly<Record<string, string | undefined>>

/** A VM that docker-machine or boot2docker-cli has made, and how they themselves get into it. */
export interface KnownVm {
  /** `docker-machine's "default"`, for messages. */
  readonly called: string
  readonly user: string
  readonly host: string
  readonly port: number
  /** The private key, by path. */
  readonly identity?: string
  /** Where its daemon listens with TLS. */
  readonly address: string
  /** The folder with ca.pem, cert.pem and key.pem. */
  readonly certs: string
  /** What starts it. */
  readonly start: string
}

const LIMIT = 1024 * 1024
const MAX_VMS = 200
/** What boot2docker-cli writes where its profile says nothing else (boot2docker-cli config.go). */
const LEGACY = { address: '192.168.59.103', port: 2022, vm: 'boot2docker-vm' }

/** Of docker-machine, by name. Undefined where there is none of that name, or its file cannot be used. */
export async function vmNamed(home: Machine, env: Env, name: string): Promise<KnownVm | undefined> {
  // The name becomes a path.
  if (!/^[\w][\w.-]*$/.test(name)) return undefined
  const folder = posix.join(machinesFolder(home, env), name)
  const config = await json(home, posix.join(folder, 'config.json'))
  const driver = field(config, 'Driver')
  const address = text(field(driver, 'IPAddress')) ?? ''
  const port = field(driver, 'SSHPort')
  const user = text(field(driver, 'SSHUser')) ?? ''
  const identity = text(field(driver, 'SSHKeyPath')) ?? ''
  // Its ports are forwarded from this computer (machine drivers/virtualbox GetSSHHostname).
  const forwarded = field(config, 'DriverName') === 'virtualbox'
  if (driver === undefined || (address === '' && !forwarded)) return undefined
  return {
    called: `docker-machine's ${JSON.stringify(name)}`,
    user: user === '' ? 'root' : user,
    host: forwarded ? '127.0.0.1' : address,
    port: typeof port === 'number' && port > 0 ? port : 22,
    identity: identity === '' ? posix.join(folder, 'id_rsa') : identity,
    ...{ address, certs: folder, start: `docker-machine start ${name}` },
  }
}

/** The names of docker-machine's VMs, sorted. */
export async function vmNames(home: Machine, env: Env): Promise<readonly string[]> {
  return ((await home.list(machinesFolder(home, env)).catch(() => undefined)) ?? []).slice(0, MAX_VMS)
}

/** The one of boot2docker-cli; undefined where it was never set up. */
export async function legacyVm(home: Machine, env: Env): Promise<KnownVm | undefined> {
  const own = env['BOOT2DOCKER_DIR'] ?? ''
  const person = home.who().invoker.home
  const folder = own === '' ? posix.join(person, '.boot2docker') : posix.resolve(own)
  if ((await home.stat(folder).catch(() => undefined)) === undefined) return undefined
  const bytes = await home.read(posix.join(folder, 'profile'), LIMIT).catch(() => undefined)
  const read = await readToml(bytes?.toString('utf8') ?? '')
  const profile = 'value' in read ? read.value : {}
  const { VM: vm, SSHKey: key, SSHPort: port } = profile
  return {
    called: "boot2docker's VM",
    user: 'docker',
    host: '127.0.0.1',
    port: typeof port === 'number' ? port : LEGACY.port,
    identity: typeof key === 'string' ? key : posix.join(person, '.ssh', 'id_boot2docker'),
    address: LEGACY.address,
    certs: posix.join(folder, 'certs', typeof vm === 'string' ? vm : LEGACY.vm),
    start: 'boot2docker start',
  }
}

/** Whose daemon that is: by the name that docker-machine gave the shell, the certificates, or the address. */
export async function vmBehind(
  home: Machine,
  env: Env,
  address: string,
  certs: string | undefined,
): Promise<KnownVm | undefined> {
  const named = env['DOCKER_MACHINE_NAME'] ?? ''
  const names = named === '' ? await vmNames(home, env) : [named]
  const known = await Promise.all([...names.map((name) => vmNamed(home, env, name)), legacyVm(home, env)])
  const vms = known.filter((vm) => vm !== undefined)
  return vms.find((vm) => vm.address === address) ?? vms.find((vm) => vm.certs === certs)
}

function machinesFolder(home: Machine, env: Env): string {
  const own = env['MACHINE_STORAGE_PATH'] ?? ''
  const store = own === '' ? posix.join(home.who().invoker.home, '.docker', 'machine') : posix.resolve(own)
  return posix.join(store, 'machines')
}
