// npm run bench -- [--quick] [--write] [GROUP…]: every budget beside its peer, measured in one run.
//   --quick  few rounds; exit 1 only where a budget is missed twice over
//   --write  puts the tables into docs/benchmarks.md
import { cpus, totalmem } from 'node:os'
import { readFileSync } from 'node:fs'
import { binary } from './binary.ts'
import { many } from './many.ts'
import { timed } from './measure.ts'
import { verdictOf, type Group, type Row } from './model.ts'
import { oneRegistry } from './one-registry.ts'
import { startUp } from './start-up.ts'
import { markdownTable, replaceSection, textTable } from './table.ts'
import { trust } from './trust.ts'
import { worstChains } from './worst-chains.ts'

const groups: readonly Group[] = [startUp, oneRegistry, many, trust, worstChains, binary]

const page = new URL('../../docs/benchmarks.md', import.meta.url)
const words = process.argv.slice(2)
const quick = words.includes('--quick')
const write = words.includes('--write')
const named = words.filter((word) => !word.startsWith('--'))
const unknown = [
  ...named.filter((word) => !groups.some(({ name }) => name === word)),
  ...words.filter((word) => word.startsWith('--') && !['--quick', '--write'].includes(word)),
]
if (unknown.length > 0) {
  console.error(
    `bench: ${unknown.join(' ')} is not known; groups: ${groups.map(({ name }) => name).join(', ')}`,
  )
  process.exit(2)
}

const measured: Row[] = []
for (const { name, problem, run } of groups.filter(
  (group) => named.length === 0 || named.includes(group.name),
)) {
  const why = problem?.()
  if (why !== undefined) {
    console.log(`${name}: left out: ${why}\n`)
    continue
  }
  let rows: readonly Row[] = []
  const ms = await timed(async () => (rows = await run({ quick })))
  measured.push(...rows)
  console.log(`${name} (${(ms / 1000).toFixed(0)} s)\n${textTable(rows)}`)
  if (write) replaceSection(page, name, `${circumstances()}\n\n${markdownTable(rows)}`)
}

const far = measured.filter((row) => verdictOf(row) === 'far over' && row.clock === undefined)
for (const { what } of far) console.log(`far over its budget: ${what}`)
if (quick && far.length > 0) process.exitCode = 1

function circumstances(): string {
  const release =
    /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? process.platform
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  const day = new Date().toISOString().slice(0, 10)
  return `${day}, ${cpus().length} cores, ${memory}, ${release}, Node ${process.versions.node}${quick ? ', quick' : ''}.`
}
