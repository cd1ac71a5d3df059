import { posix } from 'node:path'
import type { Plan, WantedFile } from '../../change/index.ts'
import type { Finding } from '../../judge/index.ts'
import { shellWord } from '../../machine/shell.ts'
import type { Target } from '../../registry/reference.ts'
import { containersEngines } from '../../runtimes/containers-programs.ts'
import { SHARED } from '../../runtimes/containers-places.ts'
import { clientPaths, ownPair } from './client.ts'
import type { Context } from './context.ts'

/** The plan, with what is to be known of the client's key in it. */
export async function withClosed(
  context: Context,
  target: Target,
  files: readonly WantedFile[],
  plan: Plan,
): Promise<Plan> {
  const closed = await closedToOthers(context, target, files)
  return closed.length === 0 ? plan : { ...plan, findings: [...(plan.findings ?? []), ...closed] }
}

/**
 * Podman's family reads the first of its places that exists for a registry, Docker's among them; where root's key lies
 * in that one, whoever else calls a program of the family is refused before the network (containers/image
 * tlsclientconfig.go SetupCertificates).
 */
async function closedToOthers(
  { client, machine, options }: Context,
  { registry }: Target,
  files: readonly WantedFile[],
): Promise<readonly Finding[]> {
  if (client === undefined) return []
  const paths = files.map(({ path }) => path)
  const first = await firstOf(
    SHARED.map(({ base }) => posix.join(base, registry)),
    async (place) =>
      paths.some((path) => posix.dirname(path) === place) ||
      (await machine.stat(place).catch(() => undefined)) !== undefined,
  )
  if (first === undefined || !paths.includes(clientPaths(first)[1])) return []
  const programs = containersEngines().map(({ name }) => name)
  const found = await Promise.all(programs.map((name) => machine.which(name)))
  const here = programs.filter((_, index) => found[index] !== undefined)
  if (here.length === 0) return []
  const own = `~/.config/containers/certs.d/${shellWord(registry)}`
  return [
    {
      code: 'trust-directory-unreadable',
      severity: 'warning',
      owner: 'machine',
      message: `${first} holds a key that root alone reads: ${here.join(', ')} of anybody else, who has no directory of their own for ${registry}, read that one and refuse every request`,
      fix: [
        '# as each person who uses them:',
        `mkdir -p ${own} && cp ${shellWord(first)}/*.crt ${own}/`,
        ...ownPair(options.client, registry),
      ].join('\n'),
    },
  ]
}

async function firstOf(
  places: readonly string[],
  is: (place: string) => Promise<boolean>,
): Promise<string | undefined> {
  const there = await Promise.all(places.map(is))
  return places.find((_, index) => there[index])
}
