import { posix } from 'node:path'

const REQUIRE = /\brequire\(\s*"(\.[^"]+\.js)"\s*\)/g

/**
 * esbuild makes a chunk for each set of stages that share a module: dozens of them, of which each costs a start as
 * much as ten kilobytes of code. Those that load together become one file, and a part of it runs when it is asked for,
 * as a file would.
 *
 * @param {ReadonlyMap<string, string>} files CommonJS, by path below dist/
 * @param {(path: string) => readonly string[]} needs what a file loads before it does anything
 * @param {readonly string[]} leaders of each pack, in the order in which they load
 * @returns {Map<string, string>} the files to write
 */
export function packed(files, needs, leaders) {
  const packOf = new Map()
  const join = (part, pack) => {
    if (packOf.has(part)) return
    packOf.set(part, pack)
    for (const other of needs(part)) join(other, pack)
  }
  for (const leader of leaders) join(leader, `packs/${posix.basename(leader).replace(/-\w+\.js$/, '.js')}`)

  const written = new Map()
  const parts = new Map()
  for (const [path, code] of files) {
    const pack = packOf.get(path)
    const linked = code.replaceAll(REQUIRE, (_, to) => {
      const target = posix.join(posix.dirname(path), to)
      const home = packOf.get(target)
      if (home !== undefined && home === pack) return `part("${target}")`
      const file = `require("${relative(posix.dirname(pack ?? path), home ?? target)}")`
      return home === undefined ? file : `${file}("${target}")`
    })
    if (pack === undefined) written.set(path, linked)
    else parts.set(pack, [...(parts.get(pack) ?? []), `"${path}":(function(module,exports){${linked}\n})`])
  }
  for (const [pack, functions] of parts) written.set(pack, withLoader(functions))
  return written
}

/** In parentheses a function is compiled as it is read; without them it is read once more when it is called. */
function withLoader(functions) {
  return `"use strict";const parts={${functions.join(',\n')}},loaded={};
const part=(name)=>{let module=loaded[name];if(!module){module=loaded[name]={exports:{}};parts[name](module,module.exports)}
return module.exports};module.exports=part\n`
}

function relative(from, to) {
  const path = posix.relative(from, to)
  return path.startsWith('.') ? path : `./${path}`
}
