import { timed } from './measure.ts'
import type { Group, Mode, Row } from './model.ts'
import { ROUND_TRIP_MS, inside, program, sceneProblem, turnsOn, withScene, type Scene } from './scene.ts'

/** A thousand registries in one run, against one run each. */
export const many: Group = { name: 'many', problem: sceneProblem, run }

function run({ quick }: Mode): Promise<readonly Row[]> {
  const count = quick ? 100 : 1000
  const names = Array.from({ length: count }, (_, index) => `reg${index}.corp`)
  return withScene(async (scene) => {
    const few = await lookAt(scene, names.slice(0, count / 10))
    const all = await lookAt(scene, names)
    const single = { argv: [...program, 'diagnose', scene.far], exits: [1] }
    const [one = Number.NaN] = await turnsOn(scene.host, quick ? 2 : 10, [single])
    return [
      {
        what: `diagnose of ${count} registries over ${ROUND_TRIP_MS} ms round trips, times faster`,
        value: all.ms / 1000,
        unit: 's',
        peer: { name: 'one by one', value: (one * count) / 1000 },
        score: (one * count) / all.ms,
        budget: { atLeast: 20 },
      },
      {
        what: 'peak memory of that run',
        value: all.peak,
        unit: 'MiB',
        peer: { name: `${count / 10} registries`, value: few.peak },
        score: all.peak,
        budget: { atMost: 200 },
      },
    ]
  }, names)
}

async function lookAt({ host }: Scene, names: readonly string[]): Promise<{ ms: number; peak: number }> {
  await host.write('/root/list', names.map((name) => `${name}:5000\n`).join(''))
  const [node = '', ...words] = program
  const argv = [node, '--require', inside('peak.cjs'), ...words, 'diagnose', '--file', '/root/list', '--json']
  let ended = ''
  const ms = await timed(async () => {
    const run = await host.run(argv, { env: { PEAK_FILE: '/root/peak' }, timeout: 280_000 })
    const { registries } = JSON.parse(run.stdout) as { registries: { registry: string; exitCode: number }[] }
    ended = registries.map(({ registry, exitCode }) => `${registry} ${exitCode}`).join()
  })
  if (ended !== names.map((name) => `${name}:5000 1`).join()) throw new Error(`not as it should be: ${ended}`)
  return { ms, peak: Number(await host.read('/root/peak')) / 1024 }
}
