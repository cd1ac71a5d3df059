#!/usr/bin/env node
// Name look-ups wait on libuv's threads: with four of them, four dead names would hold up everything.
process.env.UV_THREADPOOL_SIZE ??= '16'
const { main } = load()
main(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode
  // An answer that somebody else still owes us would keep us waiting.
  if (exitCode === 130) process.exit()
})

function load() {
  try {
    return require('../dist/main.js')
  } catch (error) {
    if (error?.code !== 'MODULE_NOT_FOUND' || !String(error.message).includes('main.js')) throw error
    process.stderr.write('trust-registry: the program is not built yet; run "npm run build" first\n')
    return { main: async () => 70 }
  }
}
