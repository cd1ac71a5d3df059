import type { CommandName } from './words.ts'

export interface HelpTexts {
  readonly root: string
  readonly commands: Readonly<Record<CommandName, string>>
}

/** The build replaces this module by one that holds the texts; from source they are rendered when asked. */
export function prerendered(): HelpTexts | undefined {
  return undefined
}
