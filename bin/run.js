#!/usr/bin/env node
const { main } = await import('../dist/main.js').catch((error) => {
  if (error?.code !== 'ERR_MODULE_NOT_FOUND' || !String(error.message).includes('main.js')) throw error
  process.stderr.write('trust-registry: the program is not built yet; run "npm run build" first\n')
  return { main: () => 70 }
})
process.exitCode = await main(process.argv.slice(2))
