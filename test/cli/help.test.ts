import assert from 'node:assert/strict'
import { commands } from '../../src/cli/commands/index.ts'
import { renderHelp } from '../../src/cli/help.ts'
import { commandNames } from '../../src/cli/words.ts'

describe('help', () => {
  it('fits 80 columns, in plain ASCII, and ends in one line feed', async () => {
    const texts = await renderHelp()
    for (const text of [texts.root, ...Object.values(texts.commands)]) {
      assert.match(text, /^[\n -~]*[^\n]\n$/)
      for (const line of text.split('\n')) assert.ok(line.length <= 80 || line.startsWith('  $ '), line)
    }
  })

  it('shows the everyday form first', async () => {
    const { root, commands: texts } = await renderHelp()
    assert.match(root, /USAGE\n {2}\$ trust-registry HOST:PORT/)
    assert.match(
      texts.trust,
      /USAGE\n {2}\$ trust-registry REGISTRY\.\.\. \[FLAGS\]\n {2}\$ trust-registry trust/,
    )
  })

  it('names every command, and every flag of each', async () => {
    const texts = await renderHelp()
    for (const name of commandNames) {
      assert.match(texts.root, new RegExp(`^ {2}${name} `, 'm'))
      for (const [flag, { char }] of Object.entries(commands[name].flags)) {
        const label = char === undefined ? ` {6}--${flag}` : ` {2}-${char}, --${flag}`
        assert.match(
          texts.commands[name],
          new RegExp(`^(?:${label}| {2}--${flag})[ =\n]`, 'm'),
          `${name} ${flag}`,
        )
      }
    }
  })

  it('says the same when it is rendered twice', async () => {
    assert.deepEqual(await renderHelp(), await renderHelp())
  })
})
