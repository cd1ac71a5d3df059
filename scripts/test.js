// Runs mocha as .mocharc.json says, three files at a time, names what was left out and why, and ends with the counts.
// Further words go to mocha; files among them replace the list of .mocharc.json.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const read = (name) => JSON.parse(readFileSync(join(root, name), 'utf8'))

const { forbidOnly, jobs, timeout, 'node-option': nodeOptions } = read('.mocharc.json')
// Real daemons on a busy machine: in CI a test may be run a second time, and the first failure is printed.
const isCI = process.env.CI === 'true'
const mostRepeats = 3
const words = process.argv.slice(2)
const args = [
  ...nodeOptions.map((option) => `--${option}`),
  join(root, 'node_modules', 'mocha', 'bin', 'mocha.js'),
  '--no-config',
  '--parallel',
  '--jobs',
  String(jobs),
  ...(isCI ? ['--retries', '1'] : []),
  ...(forbidOnly ? ['--forbid-only'] : []),
  '--timeout',
  String(timeout),
  '--reporter',
  join(root, 'scripts', 'reporter.cjs'),
  ...words,
  ...(words.some((word) => word.endsWith('.ts')) ? [] : allFiles()),
]

const directory = mkdtempSync(join(tmpdir(), 'trust-registry-test-'))
const result = join(directory, 'result.json')
const env = {
  ...process.env,
  TRUST_REGISTRY_TEST_RESULT: result,
  TRUST_REGISTRY_LEFT_OUT: join(directory, 'left-out'),
}
const { status, signal } = spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' })
const ended = existsSync(result)
const { passes, failures, pending, leftOut, repeated } = ended
  ? JSON.parse(readFileSync(result, 'utf8'))
  : { passes: 0, failures: 1, pending: 0, leftOut: [], repeated: [] }
rmSync(directory, { recursive: true })

if (!ended) console.log(`mocha ended before the tests did (${signal ?? `exit ${status}`})`)
if (leftOut.length > 0) console.log(`left out, ${leftOut.length}:`)
for (const test of leftOut) console.log(`  ${test.title}: ${test.reason ?? 'no reason given'}`)
if (repeated.length > 0) console.log(`run a second time, ${repeated.length}:`)
for (const test of repeated) console.log(`  ${test.title}: ${test.reason}`)

let failed = status !== 0
if (isCI) {
  const allowed = read('test/allowed-skips.json')
  console.log(`may be left out in CI (test/allowed-skips.json): ${allowed.join('; ') || 'nothing'}`)
  const isAllowed = ({ title, reason }) =>
    allowed.some((entry) => entry === reason || title.startsWith(entry))
  const surprising = leftOut.filter((test) => !isAllowed(test))
  for (const { title } of surprising) console.log(`left out, and not on that list: ${title}`)
  if (repeated.length > mostRepeats) console.log(`more than ${mostRepeats} tests needed a second run`)
  failed ||= surprising.length > 0 || repeated.length > mostRepeats
}
console.log(`${passes} passed, ${failures} failed, ${pending} skipped`)
process.exitCode = failed ? 1 : 0

/** Those on the lab take longest: they come first, so that no job is left alone with them at the end. */
function allFiles() {
  const files = readdirSync(join(root, 'test'), { recursive: true })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join('test', name))
    .sort()
  const lab = join('test', 'e2e')
  return [...files.filter((name) => name.startsWith(lab)), ...files.filter((name) => !name.startsWith(lab))]
}
