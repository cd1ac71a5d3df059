// npm run build:binary: build/trust-registry, one file for hosts without Node. It is this very Node with the
// program inside: https://nodejs.org/docs/latest-v20.x/api/single-executable-applications.html
import { spawnSync } from 'node:child_process'
import { chmod, copyFile, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import { inject } from 'postject'
import { lazyRequire } from './bundle/lazy-require.js'
import { common, root, withHelpTexts } from './bundle/options.js'
import { withoutUnused } from './bundle/without-unused.js'

const folder = join(root, 'build')
const name = process.platform === 'win32' ? 'trust-registry.exe' : 'trust-registry'

// What bin/run.js does, without a file to load.
const entry = `process.env.UV_THREADPOOL_SIZE ??= '16'
import('./src/cli/main.ts').then(async ({ main }) => {
  process.exitCode = await main(process.argv.slice(2))
  if (process.exitCode === 130) process.exit()
})`

const { outputFiles } = await build({
  ...common,
  stdin: { contents: entry, resolveDir: root },
  format: 'cjs',
  // Inside an executable there is no import(), not even of Node's own modules.
  supported: { 'dynamic-import': false },
  define: { 'import.meta.dirname': '"/"' },
  plugins: [withoutUnused, lazyRequire, ...(await withHelpTexts())],
})

await mkdir(folder, { recursive: true })
// Nothing half made is ever found under the final name.
const work = await mkdtemp(join(folder, '.making-'))
const path = (file) => join(work, file)
try {
  await writeFile(path('main.js'), outputFiles[0].text)
  await prepareBlob()
  await prepareNode()
  await inject(path(name), 'NODE_SEA_BLOB', await readFile(path('blob')), {
    sentinelFuse: 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2',
    ...(process.platform === 'darwin' ? { machoSegmentName: 'NODE_SEA' } : {}),
  })
  if (process.platform === 'darwin') run('codesign', ['--sign', '-', path(name)])
  await rename(path(name), join(folder, name))
} finally {
  await rm(work, { recursive: true, force: true })
}
const { size } = await stat(join(folder, name))
console.error(`built build/${name}: ${Math.round(size / 2 ** 20)} MiB, Node ${process.versions.node}`)

async function prepareBlob() {
  const config = {
    main: path('main.js'),
    output: path('blob'),
    disableExperimentalSEAWarning: true,
    // Compiled ahead: to parse the whole program takes longer than most commands run.
    useCodeCache: true,
  }
  await writeFile(path('sea.json'), JSON.stringify(config))
  run(process.execPath, ['--experimental-sea-config', path('sea.json')])
}

async function prepareNode() {
  await copyFile(process.execPath, path(name))
  await chmod(path(name), 0o755)
  if (process.platform === 'darwin') run('codesign', ['--remove-signature', path(name)])
  // A tenth of it is symbols; without binutils they stay in.
  if (process.platform === 'linux') spawnSync('strip', ['--strip-all', path(name)], { stdio: 'ignore' })
}

function run(command, args) {
  const { status, error, stderr } = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  if (error) throw error
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} exits ${status}: ${stderr}`)
}
