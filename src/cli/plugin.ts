import type { Command } from '@oclif/core/command'
import type { Options, PJSON, Plugin } from '@oclif/core/interfaces'
import { commands } from './commands/index.ts'
import { version } from './version.ts'
import type { CommandName } from './words.ts'

/**
 * The root plugin, held in memory: oclif neither looks for package.json, manifest or commands on disk,
 * nor does it load plugins (userPlugins would run code named in the user's data directory, as root).
 */
export function oclifOptions(): Options {
  const root = import.meta.dirname
  // The separator `:` keeps oclif from joining `demo` and a stray word to the name of a command.
  const pjson: PJSON = {
    name: 'trust-registry',
    version,
    oclif: { bin: 'trust-registry', dirname: 'trust-registry', topicSeparator: ':' },
  }
  const plugin: Plugin = {
    _base: '',
    name: pjson.name,
    alias: pjson.name,
    version,
    pjson,
    root,
    type: 'core',
    moduleType: 'module',
    isRoot: true,
    valid: true,
    hasManifest: false,
    options: { root },
    hooks: {},
    topics: [],
    commandsDir: undefined,
    commandIDs: Object.keys(commands),
    commands: Object.values(commands).map(loadable),
    load: () => Promise.resolve(),
    findCommand: (id: string) => Promise.resolve(commands[id as CommandName]),
  }
  return { root, pjson, plugins: new Map([[plugin.name, plugin]]), userPlugins: false, devPlugins: false }
}

export function loadable(command: Command.Class): Command.Loadable {
  return {
    id: command.id,
    aliases: [],
    hiddenAliases: [],
    hidden: false,
    strict: command.strict,
    summary: command.summary,
    description: command.description,
    examples: command.examples,
    usage: command.usage,
    args: named(command.args),
    flags: named(command.flags),
    load: () => Promise.resolve(command),
  }
}

/** oclif's help wants the name inside of each definition. */
function named<T extends object>(
  definitions: Readonly<Record<string, T>>,
): Record<string, T & { name: string }> {
  return Object.fromEntries(
    Object.entries(definitions).map(([name, definition]) => [name, { ...definition, name }]),
  )
}
