// What the bundle of the package and the single executable have in common.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** @type {import('esbuild').BuildOptions} */
export const common = {
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
export function replace(pattern, replacement) {
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

/** For the tiny main: the texts of the help, and nothing that draws them. */
export async function withHelpTexts() {
  const texts = JSON.stringify(await renderHelp())
  return [
    replace(/^\.\/help\.ts$/, { contents: 'export const renderHelp = undefined' }),
    replace(/^\.\/help-text\.ts$/, {
      contents: `const texts = ${texts}; export const prerendered = () => texts`,
    }),
  ]
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
    await writeFile(file, requireShim + outputFiles[0].text)
    const module = await import(pathToFileURL(file).href)
    return await module.renderHelp()
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** CommonJS libraries call `require` for Node's own modules. */
const requireShim = "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);"
