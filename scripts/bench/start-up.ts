import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bin, inTurns, timeCommand } from './measure.ts'
import type { Group, Mode, Row } from './model.ts'

/** Start-up against bare Node: what nobody can go below. */
export const startUp: Group = { name: 'start-up', run }

async function run({ quick }: Mode): Promise<readonly Row[]> {
  const empty = mkdtempSync(join(tmpdir(), 'trust-registry-bench-'))
  const commands = [
    { args: ['--version'], budget: 1.3 },
    { args: ['--help'], budget: 1.3 },
    { args: ['trust', '--help'], budget: 1.3 },
    { args: ['completion', 'bash'], budget: 2.5 },
    { args: ['status', '--state-dir', empty], shown: 'status, nothing done', budget: 2.5 },
  ]
  try {
    const [base = Number.NaN, ...values] = await inTurns(quick ? 10 : 60, [
      () => timeCommand([process.execPath, '-e', '0']),
      ...commands.map(
        ({ args }) =>
          () =>
            timeCommand([process.execPath, bin, ...args]),
      ),
    ])
    return commands.map(({ args, shown = args.join(' '), budget }, index) => ({
      what: `trust-registry ${shown}`,
      value: values[index] ?? Number.NaN,
      unit: 'ms',
      peer: { name: 'node -e 0', value: base },
      budget: { atMost: budget },
    }))
  } finally {
    rmSync(empty, { recursive: true, force: true })
  }
}
