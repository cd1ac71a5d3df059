import { Config } from '@oclif/core/config'
import { CommandHelp } from '@oclif/core/help'
import { commands } from './commands/index.ts'
import { environmentName } from './environment.ts'
import { exitCodes } from './exit.ts'
import type { HelpTexts } from './help-text.ts'
import { loadable, oclifOptions } from './plugin.ts'
import { commandNames } from './words.ts'
import type { CommandName } from './words.ts'

const WIDTH = 80

/** All help, plain and for 80 columns. The build runs this; from source it runs when help is asked. */
export async function renderHelp(): Promise<HelpTexts> {
  const config = await Config.load(oclifOptions())
  const texts = commandNames.map((name) => [name, commandHelp(name, config)] as const)
  return { root: rootHelp(), commands: Object.fromEntries(texts) as Record<CommandName, string> }
}

function commandHelp(name: CommandName, config: Config): string {
  const command = loadable(commands[name])
  const help = new OurHelp(command, config, {
    maxWidth: WIDTH,
    stripAnsi: true,
    docopts: false,
    flagSortOrder: 'none',
  })
  const variables = Object.keys(command.flags).filter((flag) => environmentName(flag) !== undefined)
  const summary = wrap(command.summary ?? '', WIDTH)
  return `${summary}\n\n${tidy(help.generate())}\n${environment(variables)}`
}

class OurHelp extends CommandHelp {
  /** oclif's own would put the command's name in front of each, the everyday form included. */
  protected override usage(): string {
    return [this.command.usage ?? []]
      .flat()
      .map((line) => `$ trust-registry ${line}`)
      .join('\n')
  }
}

function environment(flags: readonly string[]): string {
  const [example] = flags.filter((flag) => flag === 'timeout' || flag === 'state-dir')
  if (example === undefined) return ''
  const text = `--${example} can be set by ${environmentName(example) ?? ''}, and so on for the other flags, but not for those that waive identity or consent.`
  return `\nENVIRONMENT\n${indent(wrap(text, WIDTH - 2))}\n`
}

/** The everyday form comes first. */
function rootHelp(): string {
  const rows = commandNames.map((name) => [name, summaries[name]] as const)
  const codes = Object.entries(exitCodes).map(([code, meaning]) => [code, meaning] as const)
  return `Make this machine trust a container registry, prove it through the engine's own
eyes, and take it back to the byte.

USAGE
  $ trust-registry HOST:PORT [FLAGS]
  $ trust-registry COMMAND [REGISTRY...] [FLAGS]

COMMANDS
${table([...rows, ['help COMMAND', 'all flags of a command'] as const])}

FLAGS
${table(everyday)}

EXAMPLES
  $ trust-registry diagnose reg.corp:5000
  $ trust-registry reg.corp:5000 --ca corp-ca.pem
  $ trust-registry reg.corp:5000 --fingerprint SHA256:9F86D0... -u ci
  $ trust-registry undo reg.corp:5000

EXIT CODES
${table(codes)}
`
}

/** One line each; the commands' own summaries are longer. */
const summaries: Readonly<Record<CommandName, string>> = {
  trust: 'the same as HOST:PORT alone; for a host without dot or port',
  diagnose: 'say what is wrong and who has to act; change nothing',
  undo: 'take back exactly what was done',
  status: 'what was done here, whether it holds, what expires when',
  demo: 'the whole story against an embedded registry, in seconds',
  completion: 'print a completion script for bash, zsh or fish',
}

const everyday = [
  ['--ca FILE', 'the CA certificates that vouch for the registry'],
  ['--fingerprint SHA256:HEX', 'accept exactly this certificate'],
  ['-u, --username NAME', 'log in after trust; --password-stdin for scripts'],
  ['-n, --dry-run', 'print the plan and change nothing'],
  ['-y, --yes', 'agree to the changes (never to an identity)'],
  ['--json', 'print one JSON document on stdout'],
  ['-h, --help', 'this text, or that of a command'],
  ['-V, --version', 'print the version'],
] as const

function table(rows: readonly (readonly [string, string])[]): string {
  const left = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, text]) => `  ${name.padEnd(left)}  ${text}`.trimEnd()).join('\n')
}

function wrap(text: string, width: number): string {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines.join('\n')
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ')
}

/** No spaces at the end of a line; and oclif trims the indent of the first flag of a list. */
function tidy(text: string): string {
  const first = /^ {2}-\w, --/m.test(text) ? text.replace(/^FLAGS\n {2}--/m, 'FLAGS\n      --') : text
  return first.replaceAll(/[^\S\n]+$/gm, '')
}
