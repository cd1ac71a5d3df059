import assert from 'node:assert/strict'
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import {
  perform,
  planInstall,
  planUndo,
  State,
  wantedFiles,
  type Approved,
  type Plan,
} from '../../src/change/index.ts'
import { LocalMachine } from '../../src/machine/local.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { parseRegistry } from '../../src/registry/reference.ts'
import { DockerEngine } from '../../src/runtimes/docker.ts'
import type { Certificate } from '../../src/x509/index.ts'

export const NEVER = new AbortController().signal
const STATE = '/var/lib/trust-registry'

/** A throwaway directory that stands for a machine. */
export class World {
  readonly root = mkdtempSync(join(tmpdir(), 'change-'))
  readonly machine = new LocalMachine({ root: this.root })
  readonly state = new State(this.machine)

  /** A second process on the same machine. */
  restarted(): { readonly machine: LocalMachine; readonly state: State } {
    const machine = new LocalMachine({ root: this.root })
    return { machine, state: new State(machine) }
  }

  /** Makes the state directory, as the lock does. */
  async ready(): Promise<this> {
    await this.state.locked(1000, NEVER, () => Promise.resolve())
    return this
  }

  at(path: string): string {
    return join(this.root, path)
  }

  write(path: string, text: string | Buffer): void {
    mkdirSync(dirname(this.at(path)), { recursive: true })
    writeFileSync(this.at(path), text)
  }

  /** Every path with its kind, mode and content, but for our own memory. */
  snapshot(): readonly string[] {
    return this.#walk('').filter((line) => !line.startsWith(STATE) && !/^\/var(?:\/lib)? /.test(line))
  }

  /** What lies in the directory of our memory. */
  memory(): readonly string[] {
    return readdirSync(this.at(STATE)).sort()
  }

  #walk(path: string): readonly string[] {
    return readdirSync(this.at(path))
      .sort()
      .flatMap((name) => {
        const inside = `${path}/${name}`
        const info = lstatSync(this.at(inside))
        const owner = info.uid === process.geteuid?.() ? '' : `${info.uid}:${info.gid} `
        const mode = `${owner}${(info.mode & 0o7777).toString(8)}`
        if (info.isDirectory()) return [`${inside} directory ${mode}`, ...this.#walk(inside)]
        if (info.isSymbolicLink()) return [`${inside} -> ${readlinkSync(this.at(inside))}`]
        return [`${inside} ${mode} ${readFileSync(this.at(inside), 'latin1')}`]
      })
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}

/** Worlds of one suite, removed when it ends. */
export function worlds(): () => Promise<World> {
  const made: World[] = []
  after(() => {
    for (const world of made) world.remove()
  })
  return () => {
    const world = new World()
    made.push(world)
    return world.ready()
  }
}

export function approved(...install: readonly [Certificate, ...Certificate[]]): Approved {
  const [anchor] = install
  return { identity: { how: 'pin', sha256: anchor.sha256, subject: anchor.subject.text }, anchor, install }
}

interface Place {
  readonly machine: Machine
  readonly state: State
}

export async function planned(place: Place, registry: string, what: Approved): Promise<Plan> {
  const directories = await new DockerEngine().trustDirectories(place.machine, parseRegistry(registry))
  return planInstall(place, registry, what, wantedFiles(directories, what.install, 'docker'))
}

/** The same, and other bytes in a file that somebody else has made. */
export async function plannedEdit(
  place: Place,
  registry: string,
  what: Approved,
  path: string,
  edit: (text: string) => string,
): Promise<Plan> {
  const from = (await place.machine.read(path)) ?? assert.fail(`${path} is not there`)
  const bytes = Buffer.from(edit(from.toString()))
  const directories = await new DockerEngine().trustDirectories(place.machine, parseRegistry(registry))
  const wanted = wantedFiles(directories, what.install, 'docker')
  const file = { path, bytes, from, mode: 0o644, reason: 'a setting', runtime: 'docker' }
  return planInstall(place, registry, what, [...wanted, file])
}

export async function trust(place: Place, registry: string, what: Approved): Promise<Plan> {
  const plan = await planned(place, registry, what)
  await commit(place, plan)
  return plan
}

export async function undo(place: Place, ...registries: readonly string[]): Promise<Plan> {
  const plan = await planUndo(place, new Set(registries))
  await commit(place, plan)
  return plan
}

export async function commit(
  { machine, state }: Place,
  { steps, records }: Plan,
  prove: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  await perform(machine, state, { command: 'test', steps, records }, NEVER, prove)
}

export function fileOf(certificate: Certificate, registry: string): string {
  return `/etc/docker/certs.d/${registry}/trust-registry-${certificate.sha256.slice(0, 16).toLowerCase()}.crt`
}
