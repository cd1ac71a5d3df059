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

/** @type {import('esbuild').Plugin} */
export const withoutUnused = {
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
    // A connection of ours speaks HTTP/1.1: that is what it offers in ALPN.
    build.onLoad({ filter: /undici[\\/]lib[\\/]dispatcher[\\/]client-h2\.js$/ }, () => ({
      contents: "module.exports = () => { throw new Error('HTTP/2 is not offered') }",
    }))
    // What we send is text or nothing: no form, of which undici would make one with all of fetch.
    build.onLoad({ filter: /undici[\\/]lib[\\/]web[\\/]fetch[\\/]body\.js$/ }, () => ({
      contents: "exports.extractBody = () => { throw new Error('a form is not sent') }",
    }))
    // The same parser for processors that have SIMD: undici takes the plain one where this does not compile.
    build.onLoad({ filter: /undici[\\/]lib[\\/]llhttp[\\/]llhttp_simd-wasm\.js$/ }, () => ({
      contents: 'module.exports = undefined',
    }))
    build.onLoad({ filter: /@oclif[\\/]core[\\/]lib[\\/]/ }, ({ path }) => {
      const [, name = ''] = /core\/lib\/(.*)\.js$/.exec(path.replaceAll('\\', '/')) ?? []
      return Object.hasOwn(unusedFiles, name) ? { contents: unusedFiles[name] } : undefined
    })
  },
}
