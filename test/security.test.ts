import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const text = readFileSync(join(root, 'SECURITY.md'), 'utf8')

describe('SECURITY.md', () => {
  const rows = text.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| promise'))

  it('names a test for each promise, and each of them exists and tests something', () => {
    assert.ok(rows.length >= 30, `${rows.length} promises`)
    for (const row of rows) {
      const files = [...row.matchAll(/`(test\/[\w./-]+\.test\.ts)`/g)].map(([, file = '']) => file)
      assert.ok(files.length > 0, row)
      for (const file of files) {
        assert.ok(existsSync(join(root, file)), `${file} does not exist`)
        assert.match(readFileSync(join(root, file), 'utf8'), /\bit\(/, file)
      }
    }
  })

  it('leads nowhere that is not there, and says how to report', () => {
    for (const [, link = ''] of text.matchAll(/\]\((?!https?:)([^)#]+)/g))
      assert.ok(existsSync(join(root, link)), link)
    assert.match(text, /## Reporting\n\nPlease open a security advisory/)
  })
})
