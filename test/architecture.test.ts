import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, posix, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

interface Import {
  readonly file: string
  readonly typeOnly: boolean
  /** A path below the root, or the name of a package. */
  readonly from: string
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8')
  const found = text.matchAll(
    /^(?:import|export)\s+(type\s)?[^'"]*?from\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'\)/gm,
  )
  return [...found].map(([, type, from, bare, dynamic]) => {
    const name = from ?? bare ?? dynamic ?? ''
    const target = name.startsWith('.') ? posix.join(dirname(file).split(sep).join('/'), name) : name
    return { file, typeOnly: type !== undefined, from: target }
  })
}

const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => `src/${name.split(sep).join('/')}`)
const imports = files.flatMap(importsOf)

const folderOf = (file: string): string => file.split('/')[1] ?? ''

/** DESIGN 4: imports go from a level to a lower one. */
const levels = [
  ['cli'],
  ['change', 'judge', 'report'],
  ['runtimes', 'stores'],
  ['machine', 'registry', 'x509'],
]
const levelOf = (folder: string): number => levels.findIndex((names) => names.includes(folder))

/** Beside each other, and yet allowed. */
const neighbours = new Set(['registry → x509'])
/** Plain data that one folder describes and another one carries on. */
const sharedTypes = new Set(['report → judge', 'report → change', 'change → judge'])

function isAllowed({ file, from, typeOnly }: Import): boolean {
  const [here, there] = [folderOf(file), folderOf(from)]
  if (here === there || from === 'src/errors.ts') return true
  const arrow = `${here} → ${there}`
  return levelOf(here) < levelOf(there) || neighbours.has(arrow) || (typeOnly && sharedTypes.has(arrow))
}

const show = ({ file, from }: Import): string => `${file} imports ${from}`

describe('architecture', () => {
  it('finds imports at all', () => {
    assert.ok(imports.some(({ file, from }) => file === 'src/cli/route.ts' && from === 'src/cli/words.ts'))
    assert.ok(imports.some(({ file, from }) => file === 'src/cli/main.ts' && from === 'src/cli/dispatch.ts'))
  })

  it('has no folder beside those of the design', () => {
    const folders = new Set(files.filter((file) => file !== 'src/errors.ts').map(folderOf))
    for (const folder of folders) assert.notEqual(levelOf(folder), -1, folder)
  })

  it('imports go one way', () => {
    const inside = imports.filter(({ file, from }) => file !== 'src/errors.ts' && from.startsWith('src/'))
    assert.deepEqual(inside.filter((one) => !isAllowed(one)).map(show), [])
  })

  it('src/errors.ts imports nothing, and nothing imports tests, scripts or fixtures but for the demo', () => {
    const outside = imports.filter(
      ({ file, from }) =>
        file === 'src/errors.ts' ||
        /^(?:test|scripts|bin)\//.test(from) ||
        (from.startsWith('fixtures/') &&
          !(file === 'src/cli/commands/demo.ts' && from.startsWith('fixtures/demo/'))),
    )
    assert.deepEqual(outside.map(show), [])
  })

  const doors: readonly (readonly [string, RegExp, RegExp])[] = [
    ['execa and child processes', /^(?:execa|(?:node:)?child_process)$/, /^src\/machine\//],
    ['undici', /^undici(?:\/|$)/, /^src\/registry\/http\.ts$/],
    ['@peculiar/x509 and node-forge', /^(?:@peculiar\/x509|node-forge)(?:\/|$)/, /^src\/x509\//],
    ['@noble/post-quantum', /^@noble\//, /^src\/x509\/ml-dsa\.ts$/],
    ['oclif', /^@oclif\//, /^src\/cli\//],
    ['toml-eslint-parser', /^toml-eslint-parser(?:\/|$)/, /^src\/runtimes\/config\/toml\.ts$/],
    ['yaml', /^yaml(?:\/|$)/, /^src\/runtimes\/config\/yaml\.ts$/],
    ['jsonc-parser', /^jsonc-parser(?:\/|$)/, /^src\/runtimes\/config\/json\.ts$/],
  ]
  for (const [what, library, door] of doors) {
    it(`one door: ${what}`, () => {
      const others = imports.filter(({ file, from }) => library.test(from) && !door.test(file))
      assert.deepEqual(others.map(show), [])
    })
  }

  it('whatever touches a machine goes through src/machine', () => {
    // The terminal, the report, and the files that whoever calls us has named: theirs, wherever the machine is.
    const callers = new Set(['src/cli/files.ts', 'src/cli/main.ts', 'src/cli/prompts.ts'])
    const touching = /['"](?:node:)?(?:fs|fs\/promises|os)['"]|process\.(?:platform|chdir|umask|kill)\b/
    const presentation = new Set(['src/cli/print.ts', 'src/cli/prompts.ts'])
    const others = files.filter((file) => {
      if (file.startsWith('src/machine/') || callers.has(file) || presentation.has(file)) return false
      return touching.test(readFileSync(join(root, file), 'utf8'))
    })
    assert.deepEqual(others, [])
    for (const file of callers) assert.ok(touching.test(readFileSync(join(root, file), 'utf8')), file)
  })

  it('only the beginning of a run names a kind of machine', () => {
    const named = imports.filter(
      ({ file, from }) =>
        /^src\/machine\/(?:local|files|writing|folder|lock|run|person)\.ts$/.test(from) &&
        !file.startsWith('src/machine/'),
    )
    assert.deepEqual(
      named.map(({ file }) => file),
      ['src/cli/flow/place.ts'],
    )
  })

  it('judge and x509 are pure', () => {
    const io = /^node:(?:fs|net|tls|http|https|http2|child_process|dns|dgram)(?:\/|$)/
    // Of node:net only what computes.
    const pure = /^import \{ (?:(?:BlockList|isIP|isIPv4|isIPv6)(?:, )?)+ \} from 'node:net'$/m
    const impure = imports.filter(
      ({ file, from }) =>
        /^src\/(?:judge|x509)\//.test(file) &&
        io.test(from) &&
        !(from === 'node:net' && pure.test(readFileSync(join(root, file), 'utf8'))),
    )
    assert.deepEqual(impure.map(show), [])
  })
})
