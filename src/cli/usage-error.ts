import { CLIError } from '@oclif/core/errors'
import { TrustError } from '../errors.ts'
import { nearest } from './nearest.ts'
import { longName } from './words.ts'
import type { CommandName } from './words.ts'

/**
 * oclif's parse errors in our words. Its classes are told apart by what they carry, since names do not
 * survive the bundle. Whatever is no parse error passes: it is a bug.
 */
export function toUsageError(error: unknown, command: CommandName, flags: readonly string[]): unknown {
  if (!(error instanceof CLIError)) return error
  const [flag] = carried(error, 'flags')
  if (typeof flag === 'string') return unknownFlag(flag, command, flags)

  const usage = (message: string): TrustError =>
    new TrustError('usage', message, { fix: `trust-registry ${command} --help`, cause: error })
  const [arg] = carried(error, 'args')
  if (typeof arg === 'string') return usage(`"${arg}" is one word too many`)
  if (hasName(arg)) return usage(`${arg.name.toUpperCase()} is missing`)

  const [message = ''] = error.message.split('\n')
  const [, given, allowed] = /^Expected (.*) to be one of: (.*)$/.exec(message) ?? []
  if (given === undefined || allowed === undefined) return usage(message.replace(/^Flag /, ''))
  const equals = given.indexOf('=')
  const what = equals === -1 ? `"${given}"` : `${given.slice(0, equals)} ${given.slice(equals + 1)}`
  return usage(`${what} is not known here; it can be ${allowed}`)
}

function unknownFlag(word: string, command: CommandName, flags: readonly string[]): TrustError {
  // A value behind `=` may be a secret: it is never shown.
  const flag = word.split('=')[0] ?? ''
  if (['--password', '--pass', '-p'].includes(flag)) {
    return new TrustError(
      'usage',
      'a password is never an argument: every user of the machine could read it',
      {
        fix: '-u NAME --password-stdin < FILE',
      },
    )
  }
  const letter = flag.startsWith('--') ? undefined : flag[1]
  const name = flag.startsWith('--') ? flag.slice(2) : (longName(letter ?? '') ?? '')
  const near = nearest(name === '' ? (letter ?? '') : name, flags)
  return new TrustError(
    'usage',
    `${command} knows no flag ${flag}${near === undefined ? '' : `; the nearest one is --${near}`}`,
    {
      fix: `trust-registry ${command} --help`,
    },
  )
}

function carried(error: object, key: string): readonly unknown[] {
  const value: unknown = Object.entries(error).find(([name]) => name === key)?.[1]
  return Array.isArray(value) ? value : []
}

function hasName(value: unknown): value is { readonly name: string } {
  return typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string'
}
