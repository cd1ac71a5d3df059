// A library that is loaded by a call that waits for nothing: `createRequire` finds it among the sources; in the
// bundle it has to be a `require` that esbuild knows, which puts the library in and runs it when it is called.
import { readFile } from 'node:fs/promises'

/** @type {import('esbuild').Plugin} */
export const lazyRequire = {
  name: 'lazy require',
  setup(build) {
    build.onLoad({ filter: /src[\\/]x509[\\/]ml-dsa\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8')
      return { contents: source.replaceAll('createRequire(import.meta.url)', 'require'), loader: 'ts' }
    })
  },
}
