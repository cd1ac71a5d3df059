import type { Group, Mode, Row } from './model.ts'
import { program, sceneProblem, turnsOn, withScene } from './scene.ts'

/** A change with the engine's proof, against the login that it makes possible. */
export const trust: Group = { name: 'trust', problem: sceneProblem, run }

function run({ quick }: Mode): Promise<readonly Row[]> {
  return withScene(async ({ host, near, password }) => {
    await host.write('/root/password', password)
    const before = host.dockerPid()
    const login = `docker login -u testuser --password-stdin ${near} < /root/password`
    const [mine = Number.NaN, peer = Number.NaN] = await turnsOn(host, quick ? 2 : 10, [
      { argv: [...program, near, '--ca', '/root/ca.pem'] },
      { argv: ['sh', '-c', login] },
      { argv: [...program, 'undo', near, '--yes'] },
    ])
    if (before?.pid !== host.dockerPid()?.pid) throw new Error('dockerd was restarted')
    return [
      {
        what: "trust in scope registry, the engine's proof included, in seconds",
        value: mine,
        unit: 'ms',
        peer: { name: 'docker login', value: peer },
        score: mine / 1000,
        budget: { atMost: 1.5 },
        clock: true,
      },
    ]
  })
}
