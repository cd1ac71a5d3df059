import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { repository, type Host } from '../../fixtures/lab/host.ts'
import { Lab } from '../../fixtures/lab/lab.ts'
import { needsLab } from '../../fixtures/lab/mocha.ts'
import type { RunOptions, RunResult } from '../../fixtures/lab/run.ts'
import type { ResultDocument, RegistryDocument } from '../../src/report/document.ts'

const ajv = new Ajv2020({ strict: true, allErrors: true })
formats.default(ajv)
const schema = readFileSync(join(repository, 'schemas/result.schema.json'), 'utf8')
const isResult = ajv.compile(JSON.parse(schema) as object)

export const users = { testuser: 'testpassword' }
export const credentials = ['-u', 'testuser', '--password-stdin'] as const

/** Opens a lab for a suite and closes it whatever happens. */
export function withLab(suite: Mocha.Suite): { readonly lab: Lab } {
  let opened: Lab | undefined
  suite.timeout(120_000)
  suite.beforeAll('needs the lab', needsLab)
  suite.beforeAll('open the lab', async () => {
    assert.ok(existsSync(join(repository, 'dist/main.js')), 'the program is not built: npm run build')
    opened = await Lab.create()
  })
  suite.afterAll('close the lab', async () => {
    await opened?.close()
  })
  return {
    get lab() {
      assert.ok(opened, 'the lab is open only while tests run')
      return opened
    },
  }
}

export interface JsonRun extends RunResult {
  readonly document: ResultDocument
  /** Of the first registry. */
  readonly registry: RegistryDocument
}

/** Runs the shipped program with --json and holds its exit code against the document. */
export async function runJson(
  host: Host,
  args: readonly string[],
  options: RunOptions = {},
): Promise<JsonRun> {
  const result = await host.product([...args, '--json'], options)
  const document = parse(result)
  assert.ok(isResult(document), `not of the schema: ${JSON.stringify(isResult.errors)}`)
  assert.equal(result.code, document.exitCode, 'the exit code is the one in the document')
  const [registry] = document.registries
  assert.ok(registry, result.stdout)
  return { ...result, document, registry }
}

function parse(result: RunResult): ResultDocument {
  try {
    return JSON.parse(result.stdout) as ResultDocument
  } catch {
    assert.fail(`no JSON document (exit code ${String(result.code)}): ${result.stdout}${result.stderr}`)
  }
}

export function dockerLogin(host: Host, registry: string, password = users.testuser): Promise<RunResult> {
  return host.run(['docker', 'login', '-u', 'testuser', '--password-stdin', registry], { input: password })
}

/** What `docker login` printed, without the CLI's own prefix. */
export function daemonMessage(result: RunResult): string {
  return result.stderr.replace(/^Error response from daemon: /, '').trimEnd()
}

export function codes(registry: RegistryDocument): readonly string[] {
  return registry.findings.filter((finding) => finding.severity === 'error').map((finding) => finding.code)
}

export function consumer(registry: RegistryDocument, name: string): RegistryDocument['consumers'][number] {
  const found = registry.consumers.find((entry) => entry.name === name)
  assert.ok(found, `no consumer ${name}`)
  return found
}

/** The time in Go's date messages is the moment of the check. */
export function timeless(message: string | undefined): string | undefined {
  return message?.replace(/current time \S+ is/, 'current time T is')
}

export const watched = ['/etc', '/usr/local'] as const

/** Files outside of certs.d that hold a private key: none may. */
export async function strayKeys(host: Host): Promise<string> {
  const places = ['/var/lib/trust-registry', '/tmp', '/run/lock']
  return (await host.run(['grep', '-rl', 'PRIVATE KEY', ...places])).stdout
}
