import { transform } from 'esbuild'
import { common } from './options.js'

/** `var import_node_net2 = require("node:net");`, with `__toESM(…, 1)` around it for a default. */
const NODE_MODULE = /^var (import_\w+) = ((?:__toESM\()?require\("node:[\w/]+"\)(?:, 1)?\)?);$/gm

/**
 * esbuild splits ES modules only, and Node takes 5 to 7 ms longer to start with them than with CommonJS. Node's own
 * modules load when they are first used: `node:crypto` and `node:net` alone take as long as all of our code.
 */
export async function toCommonJs(text) {
  const options = { format: 'cjs', platform: common.platform, target: common.target, legalComments: 'none' }
  const { code } = await transform(text, {
    ...options,
    supported: { 'dynamic-import': false },
    define: { 'import.meta.dirname': '__dirname' },
  })
  const minified = await transform(whenUsed(code), {
    ...options,
    minify: true,
    lineLimit: common.lineLimit,
  })
  return minified.code
}

/** The names that esbuild gives to imports are nobody else's in the file, and stand for nothing but the module. */
function whenUsed(code) {
  const getters = []
  for (const [, name = '', load = ''] of code.matchAll(NODE_MODULE)) {
    getters.push({ name, load })
  }
  let lazy = code.replaceAll(NODE_MODULE, '')
  for (const { name } of getters) lazy = lazy.replaceAll(new RegExp(`\\b${name}\\b`, 'g'), `(${name}())`)
  const declared = getters.map(
    ({ name, load }) => `var ${name}$0; function ${name}() { return ${name}$0 ??= ${load} }`,
  )
  return [lazy, ...declared].join('\n')
}
