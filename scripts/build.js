// Bundles the program: dist/main.js, tiny, prints version and help by itself; packs and chunks load when a
// stage needs them. Nothing but dist/ is needed at run time.
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { build } from 'esbuild'
import { toCommonJs } from './bundle/common-js.js'
import { lazyRequire } from './bundle/lazy-require.js'
import { common, replace, root, withHelpTexts } from './bundle/options.js'
import { packed } from './bundle/packs.js'
import { withoutUnused } from './bundle/without-unused.js'

const dist = join(root, 'dist')
// Names are made short once the chunks are CommonJS.
const named = { minifyIdentifiers: false, minifyWhitespace: false }

const [main, rest] = await Promise.all([
  // Apart from the rest, so that splitting does not move what both use to a chunk of its own.
  build({
    ...common,
    ...named,
    entryPoints: ['src/cli/main.ts'],
    plugins: [replace(/^\.\/dispatch\.ts$/, { external: './dispatch.js' }), ...(await withHelpTexts())],
  }),
  build({
    ...common,
    ...named,
    entryPoints: ['src/cli/dispatch.ts'],
    splitting: true,
    metafile: true,
    chunkNames: 'chunks/[name]-[hash]',
    plugins: [withoutUnused, lazyRequire],
  }),
])

const below = (path) => relative(dist, path).replaceAll('\\', '/')
const chunks = new Map()
for (const { path, text } of [...main.outputFiles, ...rest.outputFiles])
  chunks.set(below(path), await toCommonJs(text))
const outputs = new Map(
  Object.entries(rest.metafile.outputs).map(([path, { imports }]) => [below(join(root, path)), imports]),
)
const needs = (path) =>
  (outputs.get(path) ?? [])
    .filter(({ kind, external }) => kind === 'import-statement' && external !== true)
    .map((from) => below(join(root, from.path)))
const stage = (name) => [...outputs.keys()].find((path) => path.startsWith(`chunks/${name}-`)) ?? ''

await rm(dist, { recursive: true, force: true })
for (const [path, code] of packed(chunks, needs, ['dispatch.js', stage('flow'), stage('work')])) {
  await mkdir(dirname(join(dist, path)), { recursive: true })
  await writeFile(join(dist, path), code)
}
await writeFile(join(dist, 'package.json'), '{ "type": "commonjs" }\n')
const kib = (list) => Math.ceil(list.reduce((sum, { contents }) => sum + contents.length, 0) / 1024)
console.error(
  `built dist: main ${kib(main.outputFiles)} KiB, ${rest.outputFiles.length} chunks ${kib(rest.outputFiles)} KiB`,
)
