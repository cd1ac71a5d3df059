import { commands } from '../commands/index.ts'
import { commandNames } from '../words.ts'
import type { CommandName } from '../words.ts'
import { shells } from './shells.ts'

/** What comes behind a flag or a command. */
export type Expects = 'nothing' | 'file' | 'directory' | 'text' | readonly string[]

export interface FlagModel {
  readonly name: string
  readonly char?: string
  readonly summary: string
  readonly repeatable: boolean
  readonly expects: Expects
}

export interface CommandModel {
  readonly name: CommandName
  readonly summary: string
  readonly flags: readonly FlagModel[]
  readonly words: readonly string[]
}

/** What the three scripts are made of: the definitions that the parser reads, and nothing else. */
export function completionModel(): readonly CommandModel[] {
  return commandNames.map((name) => {
    const command = commands[name]
    const flags = Object.entries(command.flags).map(([flag, definition]): FlagModel => {
      const option = definition.type === 'option'
      return {
        name: flag,
        ...(definition.char !== undefined && { char: definition.char }),
        summary: definition.summary ?? '',
        repeatable: option && definition.multiple === true,
        expects: option ? valueOf(definition.helpValue, definition.options) : 'nothing',
      }
    })
    return { name, summary: command.summary ?? '', flags, words: name === 'completion' ? shells : [] }
  })
}

function valueOf(helpValue: string | string[] | undefined, options: readonly string[] | undefined): Expects {
  if (options !== undefined) return options
  switch (helpValue) {
    case 'FILE':
    case 'LIST':
      return 'file'
    case 'DIR':
      return 'directory'
    default:
      return 'text'
  }
}
