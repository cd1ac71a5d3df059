// Bundles the program: dist/main.js, tiny, prints version and help by itself; dist/dispatch.js and its
// chunks load when a stage needs them. Nothing but dist/ is needed at run time.
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { build, transform } from 'esbuild'
import { common, replace, root, withHelpTexts } from './bundle/options.js'
import { withoutUnused } from './bundle/without-unused.js'

const dist = join(root, 'dist')

const [main, rest] = await Promise.all([
  // Apart from the rest, so that splitting does not move what both use to a chunk of its own.
  build({
    ...common,
    entryPoints: ['src/cli/main.ts'],
    plugins: [replace(/^\.\/dispatch\.ts$/, { external: './dispatch.js' }), ...(await withHelpTexts())],
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
  await writeFile(path, await toCommonJs(text))
}
await writeFile(join(dist, 'package.json'), '{ "type": "commonjs" }\n')
const kib = (list) => Math.ceil(list.reduce((sum, { contents }) => sum + contents.length, 0) / 1024)
console.error(
  `built dist: main ${kib(main.outputFiles)} KiB, ${rest.outputFiles.length} chunks ${kib(rest.outputFiles)} KiB`,
)

/** esbuild splits ES modules only, and Node takes 5 to 7 ms longer to start with them than with CommonJS. */
async function toCommonJs(text) {
  const { code } = await transform(text, {
    format: 'cjs',
    platform: common.platform,
    target: common.target,
    minify: true,
    lineLimit: common.lineLimit,
    supported: { 'dynamic-import': false },
    define: { 'import.meta.dirname': '__dirname' },
  })
  return code
}
