import type { Group, Mode, Row } from './model.ts'
import { ROUND_TRIP_MS, byHand, program, sceneProblem, turnsOn, withScene } from './scene.ts'

/** A look at one registry against what a person would type, near and at the end of a long wire. */
export const oneRegistry: Group = { name: 'one-registry', problem: sceneProblem, run }

const NAN = Number.NaN

function run({ quick }: Mode): Promise<readonly Row[]> {
  return withScene(async ({ host, near, far }) => {
    const look = (registry: string) => ({ argv: [...program, 'diagnose', registry], exits: [1] })
    const [mine = NAN, hand = NAN] = await turnsOn(host, quick ? 4 : 20, [look(near), byHand(near)])
    const status = { argv: [...program, 'status'] }
    const [farMine = NAN, farHand = NAN, start = NAN] = await turnsOn(host, quick ? 2 : 15, [
      look(far),
      byHand(far),
      status,
    ])
    const testssl = {
      argv: ['testssl', '-S', '--quiet', '--warnings', 'off', near],
      exits: [0, 1, 2, 3, 4, 5, 6, 7, 8],
    }
    // Its one round takes longer than all others together.
    const [tested = NAN] = quick ? [] : await turnsOn(host, 0, [testssl])
    const rows: Row[] = [
      {
        what: 'diagnose, dockerd asked as well, no latency',
        value: mine,
        unit: 'ms',
        peer: { name: 'openssl s_client, curl', value: hand },
        budget: { atMost: 2.5 },
      },
      {
        what: `the same over ${ROUND_TRIP_MS} ms round trips`,
        value: farMine,
        unit: 'ms',
        peer: { name: 'openssl s_client, curl', value: farHand },
        budget: { atMost: 1 },
      },
      {
        what: 'the same in round trips, start-up taken off',
        value: farMine,
        unit: 'ms',
        peer: { name: 'status, nothing done', value: start },
        score: (farMine - start) / ROUND_TRIP_MS,
        budget: { atMost: 3.3 },
        clock: true,
      },
      {
        what: 'the same in round trips, the look without latency taken off',
        value: farMine,
        unit: 'ms',
        peer: { name: 'diagnose, no latency', value: mine },
        score: (farMine - mine) / ROUND_TRIP_MS,
      },
    ]
    if (quick) return rows
    const peer = { name: 'testssl.sh -S', value: tested }
    return [...rows, { what: 'diagnose, no latency', value: mine, unit: 'ms', peer, budget: { atMost: 1 } }]
  })
}
