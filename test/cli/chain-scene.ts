import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { chainPem, type Certificate } from '../../fixtures/pki.ts'
import { main } from '../../src/cli/main.ts'
import type { RegistryDocument, ResultDocument } from '../../src/report/document.ts'
import { fakeIo } from './fake-io.ts'

const ajv = new Ajv2020({ strict: true, allErrors: true })
formats.default(ajv)
const schema = readFileSync(new URL('../../schemas/result.schema.json', import.meta.url), 'utf8')
const isResult = ajv.compile(JSON.parse(schema) as object)

/** A folder for the files of a suite. */
export class Files {
  readonly directory = mkdtempSync(join(tmpdir(), 'trust-registry-chain-'))
  #count = 0

  write(content: string | Uint8Array): string {
    const path = join(this.directory, String(++this.#count))
    writeFileSync(path, content)
    return path
  }

  chain(...certificates: readonly Certificate[]): string {
    return this.write(chainPem(...certificates))
  }

  remove(): void {
    rmSync(this.directory, { recursive: true })
  }
}

/** The one registry of a valid document. */
export function registryOf(json: string): RegistryDocument {
  const document = JSON.parse(json) as ResultDocument
  assert.ok(isResult(document), JSON.stringify(isResult.errors))
  const [registry] = document.registries
  assert.ok(registry)
  assert.deepEqual([document.command, document.machine.runtimes], ['diagnose', []])
  assert.deepEqual([document.exitCode, document.registries.length], [registry.exitCode, 1])
  return registry
}

/** The verdict on a file, for reg.corp unless told, with what has to hold of every verdict. */
export async function judged(chain: string, ...more: readonly string[]) {
  const host = more.includes('--host') ? [] : ['--host', 'reg.corp']
  const io = fakeIo()
  const code = await main(['diagnose', '--chain', chain, ...host, ...more, '--json'], io)
  const registry = registryOf(io.out())
  const [go, ...others] = registry.consumers
  assert.ok(go)
  assert.deepEqual([go.name, go.required, others], ['go', true, []])
  assert.deepEqual([registry.exitCode, code === 0], [code, go.trusted])
  const errors = registry.findings.filter(({ severity }) => severity === 'error')
  return { code, registry, go, error: go.predictedError, codes: errors.map((finding) => finding.code) }
}

export const unknownAuthority = 'x509: certificate signed by unknown authority'
