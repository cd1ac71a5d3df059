import { existsSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { inTurns, timeCommand } from './measure.ts'
import type { Group, Mode, Row } from './model.ts'

const file = fileURLToPath(new URL('../../build/trust-registry', import.meta.url))

/** The single executable: no budget, but a word on what it costs. */
export const binary: Group = {
  name: 'binary',
  problem: () => (existsSync(file) ? undefined : 'it is not built: npm run build:binary'),
  run,
}

async function run({ quick }: Mode): Promise<readonly Row[]> {
  const commands = [['--version'], ['completion', 'bash']]
  const [base = Number.NaN, ...values] = await inTurns(quick ? 5 : 30, [
    () => timeCommand([process.execPath, '-e', '0']),
    ...commands.map((args) => () => timeCommand([file, ...args])),
  ])
  const peer = { name: 'node -e 0', value: base }
  return [
    ...commands.map((args, index): Row => {
      return {
        what: `single executable, ${args.join(' ')}`,
        value: values[index] ?? Number.NaN,
        unit: 'ms',
        peer,
      }
    }),
    {
      what: 'single executable, size',
      value: statSync(file).size / 2 ** 20,
      unit: 'MiB',
      peer: { name: 'node', value: statSync(process.execPath).size / 2 ** 20 },
    },
  ]
}
