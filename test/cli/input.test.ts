import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { readNamedFile } from '../../src/cli/files.ts'
import { parseFingerprint } from '../../src/cli/fingerprint.ts'
import { parseList, readList } from '../../src/cli/list-file.ts'
import { readOptions } from '../../src/cli/read-options.ts'
import { readPassword } from '../../src/cli/password.ts'
import { fakeIo } from './fake-io.ts'

const directory = mkdtempSync(join(tmpdir(), 'trust-registry-input-'))
const path = (name: string): string => join(directory, name)

after(() => {
  rmSync(directory, { recursive: true })
})

describe('files that a person names', () => {
  const bad = (name: string, why: RegExp) =>
    assert.rejects(readNamedFile(path(name), 'the file', 1024), { code: 'bad-file', message: why })

  it('are read, links followed', async () => {
    writeFileSync(path('file'), 'abc')
    symlinkSync('file', path('link'))
    assert.equal((await readNamedFile(path('link'), 'the file', 3)).toString(), 'abc')
  })

  it('are bounded', async () => {
    writeFileSync(path('big'), '')
    truncateSync(path('big'), 100 * 1024 * 1024)
    await bad('big', /is larger than 1 KiB/)
  })

  it('are files', async () => {
    await bad('missing', /there is no such file/)
    await bad('.', /it is a directory/)
    await bad('x\0', /that is no path/)
    await assert.rejects(readNamedFile('', 'the file', 1), { code: 'bad-file' })
  })

  it('are no pipes, which would be waited for', async function () {
    if (process.platform === 'win32') return
    assert.equal(spawnSync('mkfifo', [path('fifo')]).status, 0)
    const pipe = readNamedFile(path('fifo'), 'the file', 1024)
    await assert.rejects(pipe, { message: /it is a pipe; a regular file is needed/, fix: /^COMMAND > FILE / })
    await assert.rejects(readNamedFile('-', 'the file', 1024), {
      message: /it stands for stdin; a regular file/,
    })
    await assert.rejects(readNamedFile('/dev/zero', 'the file', 1024), { code: 'bad-file' })
  })
})

describe('--file', () => {
  it('one a line, with comments and blank lines, in any line ending', () => {
    const text = '\ufeffreg:5000\r\n\n  # all of them\nreg2.corp # the new one\n\t[fd00::1]:5000'
    const expected = { registries: ['reg:5000', 'reg2.corp', '[fd00::1]:5000'], wrong: [] }
    assert.deepEqual(parseList('list', text), expected)
  })

  it('names a wrong line by its number, without what stands on it, and takes the others', () => {
    const { registries, wrong } = parseList('list', 'reg:5000\n\nreg:0\nbob:secret@reg.corp\nreg.corp\n')
    assert.deepEqual(registries, ['reg:5000', 'reg.corp'])
    assert.deepEqual(
      wrong.map(({ place }) => place),
      ['line 3 of "list"', 'line 4 of "list"'],
    )
    assert.match(wrong[0]?.error.message ?? '', /^"reg:0" is no registry: the port is "0"/)
    assert.doesNotMatch(`${wrong[1]?.error.message ?? ''}${wrong[1]?.place ?? ''}`, /bob|secret/)
  })

  it('of nothing but wrong lines says what is wrong with the first', async () => {
    writeFileSync(path('wrong'), '#\nreg:0\nreg:x\n')
    const options = readOptions('diagnose', { file: path('wrong') }, [], fakeIo())
    await assert.rejects(options, { code: 'bad-registry', message: /^line 2 of .*and 1 more like it/ })
    const served = await readOptions('diagnose', { file: path('wrong') }, ['reg:5000'], fakeIo())
    assert.deepEqual(served.registries, ['reg:5000'])
    assert.equal(served.wrongLines.length, 2)
  })

  it('is not empty', async () => {
    writeFileSync(path('empty'), '# nothing\n')
    await assert.rejects(readList(path('empty')), { code: 'bad-file', message: /holds no registry/ })
  })
})

describe('--fingerprint', () => {
  it('takes every way to write it', () => {
    const digits = fc
      .uint8Array({ minLength: 32, maxLength: 32 })
      .map((bytes) => Buffer.from(bytes).toString('hex'))
    fc.assert(
      fc.property(digits, fc.constantFrom('', 'SHA256:', 'sha256:', 'Sha-256:'), (hex, prefix) => {
        const pairs = hex.match(/../g) ?? []
        for (const text of [hex, hex.toUpperCase(), pairs.join(':')]) {
          assert.equal(parseFingerprint(prefix + text), hex.toUpperCase())
        }
      }),
    )
  })

  for (const text of [
    '',
    'SHA256:',
    'zz'.repeat(32),
    'a'.repeat(63),
    `${'ab:'.repeat(31)}a:b`,
    `${'ab'.repeat(32)} x`,
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => parseFingerprint(text), { code: 'bad-fingerprint' })
    })
  }
})

describe('password', () => {
  it('comes from stdin, less one line end', async () => {
    assert.equal(await readPassword(fakeIo({ stdin: 'hunter2\r\n' }), true), 'hunter2')
    assert.equal(await readPassword(fakeIo({ stdin: ' a\n\n' }), true), ' a\n')
  })

  it('or from the file that is named, or from nowhere', async () => {
    writeFileSync(path('password'), 'hunter2\n')
    assert.equal(
      await readPassword(fakeIo({ env: { TRUST_REGISTRY_PASSWORD_FILE: path('password') } }), false),
      'hunter2',
    )
    assert.equal(await readPassword(fakeIo(), false), undefined)
  })

  it('is there, and bounded', async () => {
    for (const stdin of ['', '\n', 'a\0b', 'x'.repeat(65 * 1024)]) {
      await assert.rejects(readPassword(fakeIo({ stdin }), true), { code: 'usage' })
    }
  })

  it('is not typed in the open', async () => {
    const io = fakeIo()
    Object.assign(io.stdin, { isTTY: true })
    await assert.rejects(readPassword(io, true), { code: 'usage', message: /stdin is the terminal/ })
  })
})
