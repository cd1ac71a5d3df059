import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import fc from 'fast-check'
import { elfSection } from '../../src/runtimes/elf.ts'
import { goBuildOf } from '../../src/runtimes/go-build.ts'
import { throwaway } from '../machine/throwaway.ts'

/** As debug/buildinfo has them since Go 1.18: magic, pointer size, flags, zeros; then a length and the version. */
function buildInfo(version: string, flags = 2): Buffer {
  const head = Buffer.alloc(32)
  head.write('\xff Go buildinf:', 'latin1')
  head.writeUInt8(8, 14)
  head.writeUInt8(flags, 15)
  return Buffer.concat([head, Buffer.from([version.length]), Buffer.from(version)])
}

/** A program of these sections, its table at the end as linkers put it. */
function elf(sections: Readonly<Record<string, Buffer>>): Buffer {
  const names = Buffer.from(['', ...Object.keys(sections), '.shstrtab', ''].join('\0'), 'latin1')
  const header = Buffer.alloc(64)
  header.write('\x7fELF\x02\x01', 'latin1')
  const parts: Buffer[] = [header]
  let at = header.length
  const entries = [Buffer.alloc(64)]
  for (const [name, bytes] of [...Object.entries(sections), ['.shstrtab', names] as const]) {
    const entry = Buffer.alloc(64)
    entry.writeUInt32LE(names.indexOf(`\0${name}\0`) + 1, 0)
    entry.writeBigUInt64LE(BigInt(at), 0x18)
    entries.push(entry)
    parts.push(bytes)
    at += bytes.length
  }
  header.writeBigUInt64LE(BigInt(at), 0x28)
  header.writeUInt16LE(entries.length, 0x3c)
  header.writeUInt16LE(entries.length - 1, 0x3e)
  return Buffer.concat([...parts, ...entries])
}

describe('runtimes/go-build', () => {
  const { machine, path } = throwaway()
  const go = async (bytes: Uint8Array): Promise<string | undefined> => {
    fs.writeFileSync(path('program'), bytes)
    return (await goBuildOf(machine(), '/program'))?.text
  }

  it('finds the version in its section, whatever stands before it', async () => {
    const decoy = Buffer.concat([Buffer.alloc(40), buildInfo('go1.1.1')])
    const sections = { '.rodata': decoy, '.go.buildinfo': buildInfo('go1.24.9'), '.data': decoy }
    assert.equal(await go(elf(sections)), 'go1.24.9')
  })

  it('reads no program as a whole for it', async () => {
    fs.writeFileSync(path('program'), elf({ '.go.buildinfo': buildInfo('go1.26.5') }))
    fs.truncateSync(path('program'), 200 * 1024 * 1024)
    assert.equal((await goBuildOf(machine(), '/program'))?.text, 'go1.26.5')
  })

  it('searches files of other kinds, and machines that read no parts', async () => {
    const other = Buffer.concat([Buffer.from('MZ'), Buffer.alloc(99), buildInfo('go1.19.8')])
    assert.equal(await go(other), 'go1.19.8')
    const whole = machine()
    Object.defineProperty(whole, 'readPart', { value: undefined })
    fs.writeFileSync(path('program'), elf({ '.go.buildinfo': buildInfo('go1.22.3') }))
    assert.equal((await goBuildOf(whole, '/program'))?.text, 'go1.22.3')
  })

  it('knows none in a script, in what is older than Go 1.18, or where nothing is', async () => {
    assert.equal(await go(Buffer.from('#!/bin/sh\nexec podman "$@"\n')), undefined)
    assert.equal(await go(elf({ '.go.buildinfo': buildInfo('go1.17.1', 0) })), undefined)
    assert.equal(await goBuildOf(machine(), '/nothing'), undefined)
  })

  it('damaged tables lead nowhere, and never to an error', async () => {
    const whole = elf({ '.text': Buffer.alloc(200), '.go.buildinfo': buildInfo('go1.24.9') })
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 12 }),
        fc.nat(whole.length),
        async (damage, length) => {
          const bytes = Buffer.from(whole)
          for (const [at, value] of damage) bytes[at] = value
          fs.writeFileSync(path('program'), bytes.subarray(0, length))
          const found = await elfSection(machine(), '/program', '.go.buildinfo', 288)
          assert.ok(found === undefined || found.length <= 288)
        },
      ),
    )
  })
})
