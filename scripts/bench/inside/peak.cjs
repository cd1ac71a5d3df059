'use strict'
// `node --require peak.cjs …` tells at the end how much memory the process had at most.
const process = require('node:process')
const { writeFileSync } = require('node:fs')

process.on('exit', () => writeFileSync(process.env.PEAK_FILE, String(process.resourceUsage().maxRSS)))
