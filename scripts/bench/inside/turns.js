// Times commands where they run, without what it takes to get there: { rounds, commands: [{ argv, exits }] } as
// JSON on stdin, milliseconds by command on stdout. In turns, after a round that does not count; with 0 rounds
// that one counts.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const { rounds, commands } = JSON.parse(readFileSync(0, 'utf8'))
const times = commands.map(() => [])
for (let round = 0; round <= rounds; round++) {
  for (const [index, { argv, exits = [0] }] of commands.entries()) {
    const [file, ...args] = argv
    const start = performance.now()
    const { status, error, stderr } = spawnSync(file, args, { stdio: 'pipe', maxBuffer: 2 ** 28 })
    const end = performance.now()
    if (error) throw error
    if (!exits.includes(status)) throw new Error(`${argv.join(' ')} exits ${status}: ${stderr}`)
    if (round > 0 || rounds === 0) times[index].push(end - start)
  }
}
console.log(JSON.stringify(times))
