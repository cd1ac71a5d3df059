// Bundles the program: dist/main.js, tiny, prints version and help by itself; dist/dispatch.js and its
// chunks load when a stage needs them. Nothing but dist/ is needed at run time.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')

/** @type {import('esbuild').BuildOptions} */
const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  outdir: 'dist',
  external: ['typescript', 'ts-node', 'tsx'],
  minify: true,
  legalComments: 'none',
  // Node prints the line of an error that nobody caught.
  lineLimit: 160,
  logLevel: 'warning',
  write: false,
}

/** Replaces modules: by what they contain, or by what they are called at run time. */
function replace(pattern, replacement) {
  return {
    name: `replace ${pattern.source}`,
    setup(build) {
      build.onResolve({ filter: pattern }, ({ path }) =>
        'external' in replacement
          ? { path: replacement.external, external: true }
          : { path, namespace: pattern.source },
      )
      build.onLoad({ filter: pattern, namespace: pattern.source }, () => replacement)
    },
  }
}

// What oclif carries for jobs that it does not do here, and what stands in for it: finding commands and
// plugins on disk, drawing help (rendered below, at build time), spinners, measuring, printing errors (ours).
// Half of the start-up of a command. test/cli/bundle.test.ts holds the bundle together with the sources.
const unusedPackages = {
  tinyglobby: 'exports.glob = exports.globSync = undefined',
  minimatch: 'exports.minimatch = undefined',
  lilconfig: 'exports.lilconfig = undefined',
  'get-package-type': 'module.exports = undefined',
  ejs: 'exports.render = (text) => text',
  ansis: 'exports.strip = (text) => text',
  'ansi-escapes': 'module.exports = {}',
  'clean-stack': 'module.exports = (stack) => stack',
  debug: 'module.exports = () => Object.assign(() => {}, { enabled: false })',
  'indent-string': 'module.exports = (text) => text',
  'supports-color': 'exports.stdout = exports.stderr = false',
  'wrap-ansi': 'module.exports = (text) => text',
}
const unusedFiles = {
  'config/plugin': 'exports.Plugin = undefined',
  'config/ts-path': 'exports.tsPath = undefined',
  'errors/handle': 'exports.handle = undefined',
  'help/index': "Object.assign(exports, require('./util'))",
  'module-loader': 'exports.loadWithData = undefined',
  performance: 'exports.Performance = { mark() {}, debug() {}, async collect() {} }',
  // Would read the user's theme.json, look into /proc for WSL, and start PowerShell on Windows.
  'util/fs': 'exports.safeReadJson = async () => undefined',
  'util/os': `exports.getPlatform = async () => process.platform
    exports.getShell = async () => 'unknown'
    exports.getHomeDir = () => ''`,
  'ux/action/simple': 'exports.__esModule = true; exports.default = class { stop() {} }',
  'ux/action/spinner': 'exports.__esModule = true; exports.default = class { stop() {} }',
  'ux/colorize-json': 'exports.__esModule = true; exports.default = undefined',
}

const withoutUnused = {
  name: 'without unused',
  setup(build) {
    const packages = new RegExp(`^(?:${Object.keys(unusedPackages).join('|')})$`)
    build.onResolve({ filter: packages }, ({ path }) => ({ path, namespace: 'unused' }))
    build.onLoad({ filter: /.*/, namespace: 'unused' }, ({ path }) => ({
      contents: unusedPackages[path] ?? '',
    }))
    // To read arguments from stdin, which no command of ours does.
    build.onResolve({ filter: /^node:readline$/ }, ({ path, importer }) =>
      importer.includes('@oclif') ? { path, namespace: 'unused' } : undefined,
    )
    build.onLoad({ filter: /@oclif[\\/]core[\\/]lib[\\/]/ }, ({ path }) => {
      const [, name = ''] = /core\/lib\/(.*)\.js$/.exec(path.replaceAll('\\', '/')) ?? []
      return Object.hasOwn(unusedFiles, name) ? { contents: unusedFiles[name] } : undefined
    })
  },
}

/** The texts come from the code that renders them when the program runs from source. */
async function renderHelp() {
  const { outputFiles } = await build({
    ...common,
    entryPoints: ['src/cli/help.ts'],
    // Only the definitions matter here, not what the commands load when they run.
    plugins: [replace(/^\.[./a-z]*\/(?:flow|demo)\/index\.ts$/, { contents: '' })],
  })
  const directory = await mkdtemp(join(root, 'node_modules', '.trust-registry-help-'))
  try {
    const file = join(directory, 'help.mjs')
    await writeFile(file, withRequire(outputFiles[0].text))
    const module = await import(pathToFileURL(file).href)
    return await module.renderHelp()
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** CommonJS libraries call `require` for Node's own modules; only the chunk with esbuild's shim pays for it. */
function withRequire(text) {
  if (!text.includes('typeof require')) return text
  return `import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);${text}`
}

const texts = await renderHelp()
const [main, rest] = await Promise.all([
  // Apart from the rest, so that splitting does not move what both use to a chunk of its own.
  build({
    ...common,
    entryPoints: ['src/cli/main.ts'],
    plugins: [
      replace(/^\.\/dispatch\.ts$/, { external: './dispatch.js' }),
      replace(/^\.\/help\.ts$/, { contents: 'export const renderHelp = undefined' }),
      replace(/^\.\/help-text\.ts$/, {
        contents: `const texts = ${JSON.stringify(texts)}; export const prerendered = () => texts`,
      }),
    ],
  }),
  build({
    ...common,
    entryPoints: ['src/cli/dispatch.ts'],
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    plugins: [withoutUnused],
  }),
])

const files = [...main.outputFiles, ...rest.outputFiles]
await rm(dist, { recursive: true, force: true })
for (const { path, text } of files) {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, withRequire(text))
}
const kib = (list) => Math.ceil(list.reduce((sum, { contents }) => sum + contents.length, 0) / 1024)
console.error(
  `built dist: main ${kib(main.outputFiles)} KiB, ${rest.outputFiles.length} chunks ${kib(rest.outputFiles)} KiB`,
)
