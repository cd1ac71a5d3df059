import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import type { ErrorCode } from '../../src/errors.ts'
import { findingCodes } from '../../src/judge/judgement.ts'
import type { FailureDocument, ResultDocument } from '../../src/report/document.ts'
import { certificateDocument, renderJson } from '../../src/report/json.ts'
import { everyOutcome, hostile, link, privateCa, rootIdentity, trustDone } from './examples.ts'

interface Schema {
  readonly $defs: Readonly<Record<string, { readonly enum?: readonly string[] }>>
}

const ajv = new Ajv2020({ strict: true, allErrors: true })
formats.default(ajv)
const resultSchema = schema('result')
const failureSchema = schema('failure')
const isResult = ajv.compile(resultSchema)
const isFailure = ajv.compile(failureSchema)

function schema(name: string): Schema {
  return JSON.parse(
    readFileSync(new URL(`../../schemas/${name}.schema.json`, import.meta.url), 'utf8'),
  ) as Schema
}

function assertValid(validate: ValidateFunction, document: ResultDocument | FailureDocument): void {
  assert.ok(validate(JSON.parse(renderJson(document))), ajv.errorsText(validate.errors))
}

const failure: FailureDocument = {
  schemaVersion: 1,
  tool: { name: 'trust-registry', version: '0.1.0' },
  command: 'trust',
  ok: false,
  exitCode: 2,
  error: { code: 'bad-registry', message: '"h:0" is no registry', fix: 'give HOST:PORT' },
}

describe('json: the contract', () => {
  for (const [name, { document }] of Object.entries(everyOutcome)) {
    it(`${name} is what schemas/result.schema.json says`, () => {
      assertValid(isResult, document)
    })
  }

  it('status is, too', () => {
    const entries = [
      {
        registry: 'reg.corp:5000',
        what: 'file' as const,
        where: '/etc/docker/certs.d/reg.corp:5000/ca.crt',
        runtime: 'docker',
        since: '2026-11-22T08:00:00Z',
        identity: rootIdentity,
        expires: '2034-03-01T00:00:00Z',
        holds: true,
      },
    ]
    assertValid(isResult, {
      ...trustDone.document,
      command: 'status',
      registries: [],
      entries,
      restartNeeded: false,
    })
  })

  it('a failure is what schemas/failure.schema.json says, and no result', () => {
    assertValid(isFailure, failure)
    assert.equal(isResult(failure), false)
  })

  it('a field that nobody named is neither valid nor printed', () => {
    const more = { ...privateCa.document, password: 'hunter2' }
    assert.equal(isResult(more), false)
    assert.doesNotMatch(renderJson(more), /hunter2/)
  })

  it('the finding codes of the schema are those of the judge', () => {
    assert.deepEqual(resultSchema.$defs['findingCode']?.enum, [...findingCodes])
  })

  it('the error codes of both schemas are those of src/errors.ts', () => {
    const codes: Readonly<Record<ErrorCode | 'bug', true>> = {
      usage: true,
      'bad-registry': true,
      'docker-hub': true,
      'bad-file': true,
      'bad-fingerprint': true,
      'identity-missing': true,
      'machine-unreachable': true,
      'machine-refused': true,
      'host-key-unknown': true,
      'host-key-changed': true,
      'consent-missing': true,
      policy: true,
      'identity-mismatch': true,
      'not-possible': true,
      'change-failed': true,
      'rollback-incomplete': true,
      'login-failed': true,
      locked: true,
      'needs-privilege': true,
      'state-damaged': true,
      unfinished: true,
      interrupted: true,
      bug: true,
    }
    assert.deepEqual(resultSchema.$defs['errorCode']?.enum, Object.keys(codes))
    assert.deepEqual(failureSchema.$defs['errorCode']?.enum, Object.keys(codes))
  })
})

describe('json: how it is written', () => {
  it('has the keys in the order of DESIGN 3, two blanks, one line feed at the end', () => {
    const [first] = trustDone.document.registries
    assert.ok(first)
    const shuffled = {
      ...trustDone.document,
      registries: [Object.fromEntries(Object.entries(first).reverse())],
    }
    const json = renderJson(shuffled as unknown as ResultDocument)
    assert.match(json, /^\{\n {2}"schemaVersion": 1,\n {2}"tool": \{\n/)
    assert.match(json, /[^\n]\n$/)
    assert.equal(json, renderJson(trustDone.document))
    assert.deepEqual(Object.keys((JSON.parse(json) as ResultDocument).registries[0] ?? {}), [
      'registry',
      'ok',
      'exitCode',
      'changed',
      'verified',
      'probe',
      'identity',
      'findings',
      'consumers',
      'plan',
      'changes',
      'login',
    ])
  })

  it('keeps every value exact, and its spelling harmless', () => {
    const json = renderJson(hostile.document)
    assert.deepEqual(JSON.parse(json), JSON.parse(JSON.stringify(hostile.document)))
    assert.doesNotMatch(json, /(?!\n)[\p{Cc}\p{Cf}]/u)
    assert.doesNotMatch(json, /##vso\[/)
  })

  it('holds a PEM only where it was asked for', () => {
    const one = link('reg.corp', 'leaf', 'sent')
    assert.equal(certificateDocument(one, { pem: false }).pem, undefined)
    assert.equal(
      certificateDocument(one, { pem: true }).pem,
      '-----BEGIN CERTIFICATE-----\ncmVnLmNvcnA=\n-----END CERTIFICATE-----\n',
    )
    assert.equal(certificateDocument(one, { pem: false }).notBefore, '2024-03-01T00:00:00Z')
  })
})
