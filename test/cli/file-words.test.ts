import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { refuseFiles } from '../../src/cli/file-words.ts'

describe('a file that stands where a registry is expected', () => {
  const directory = mkdtempSync(join(tmpdir(), 'trust-registry-words-'))
  after(() => {
    rmSync(directory, { recursive: true })
  })

  it('behind a registry it is told by its name, with every file in the line to paste', async () => {
    for (const name of ['b.pem', 'B.CRT', 'b.p7b', 'b.der', 'b.cer'])
      await assert.rejects(refuseFiles(['reg', name, 'c.pem'], ['a b.pem']), {
        code: 'usage',
        message: /: say --ca once per file$/,
        fix: `--ca 'a b.pem' --ca ${name} --ca c.pem`,
      })
  })

  it('the first word is a registry, unless there is such a file', async () => {
    await refuseFiles(['b.pem', 'reg.corp:5000'], ['a.pem'])
    const path = join(directory, 'ca.pem')
    writeFileSync(path, '')
    await assert.rejects(refuseFiles([path, 'reg'], ['a.pem']), { fix: `--ca a.pem --ca ${path}` })
  })

  it('what has a port, names an image, or has another ending is a registry; so is anything without --ca', async () => {
    await refuseFiles(['reg', 'b.pem:443', 'reg.corp/team/b.pem', 'reg.corp', 'pem'], ['a.pem'])
    await refuseFiles(['reg', 'b.pem'], [])
  })
})
