import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { labProblem } from '../../fixtures/lab/available.ts'
import type { Host } from '../../fixtures/lab/host.ts'
import { Lab } from '../../fixtures/lab/lab.ts'
import { createCa } from '../../fixtures/pki.ts'
import { bin, median } from './measure.ts'

/** One way; a round trip takes twice as long. */
export const WIRE_MS = 50
export const ROUND_TRIP_MS = 2 * WIRE_MS

export const program: readonly string[] = [process.execPath, bin]
const others = ['podman', 'skopeo', 'buildah'].map((name) => `/usr/bin/${name}`)
export const inside = (file: string): string => fileURLToPath(new URL(`inside/${file}`, import.meta.url))

export interface Scene {
  /** With dockerd, and no other engine. */
  readonly host: Host
  /** At the end of a wire with a delay; a name of `names` leads there. */
  readonly far: string
  /** In the lab's own network. */
  readonly near: string
  readonly password: string
}

/** A docker-registry with a private CA, near and far, and a host that has the CA in /root/ca.pem. */
export async function withScene<T>(
  work: (scene: Scene) => Promise<T>,
  names: readonly string[] = [],
): Promise<T> {
  const lab = await Lab.create()
  try {
    const root = await createCa({ name: 'Corp Root CA' })
    const issuing = await root.intermediate({ name: 'Corp Issuing CA' })
    const leaf = await issuing.issue({ names: ['*.corp'] })
    const server = await lab.server('registry')
    const password = 'testpassword'
    await server.dockerRegistry({ port: 5000, chain: [leaf, issuing], users: { testuser: password } })
    const host = await lab.host('client', { hosts: { 'near.corp': server.address }, hide: others })
    const address = await lab.wire(host, server, WIRE_MS)
    for (const name of ['far.corp', ...names]) await host.addHost(name, address)
    await host.write('/root/ca.pem', root.pem)
    return await work({ host, near: 'near.corp:5000', far: 'far.corp:5000', password })
  } finally {
    await lab.close()
  }
}

export interface Command {
  readonly argv: readonly string[]
  /** Exit codes that are as they should be; 0 unless told. */
  readonly exits?: readonly number[]
}

/** Medians in milliseconds, measured on the host itself, in turns. */
export async function turnsOn(host: Host, rounds: number, commands: readonly Command[]): Promise<number[]> {
  const input = JSON.stringify({ rounds, commands })
  const argv = [process.execPath, inside('turns.js')]
  const { code, stdout, stderr } = await host.run(argv, { input, timeout: 280_000 })
  if (code !== 0) throw new Error(stderr)
  return (JSON.parse(stdout) as number[][]).map(median)
}

/** What a person would type instead: the chain, then the registry's answer. */
export function byHand(registry: string): Command {
  const [name = ''] = registry.split(':')
  const chain = `openssl s_client -connect ${registry} -servername ${name} -showcerts </dev/null`
  return { argv: ['sh', '-c', `${chain} && curl -ksS https://${registry}/v2/`] }
}

export function sceneProblem(): string | undefined {
  return labProblem() ?? (existsSync('/dev/net/tun') ? undefined : 'the wire needs /dev/net/tun')
}
