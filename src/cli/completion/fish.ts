import type { CommandModel, FlagModel } from './model.ts'

export function fishScript(commands: readonly CommandModel[]): string {
  const names = commands.map(({ name }) => name).join(' ')
  const lines = commands.flatMap((command) => {
    // The everyday form leaves the word `trust` away.
    const other = names.replace('trust ', '')
    const where =
      command.name === 'trust'
        ? `not __fish_seen_subcommand_from ${other} help`
        : `__fish_seen_subcommand_from ${command.name}`
    return [
      `complete -c trust-registry -n '__fish_use_subcommand' -a ${command.name} -d ${quote(command.summary)}`,
      ...command.flags.map((flag) => flagLine(flag, where)),
      ...command.words.map((word) => `complete -c trust-registry -n '${where}' -a ${word}`),
    ]
  })
  return `# fish completion for trust-registry
# trust-registry completion fish > ~/.config/fish/completions/trust-registry.fish
complete -c trust-registry -f
complete -c trust-registry -n '__fish_use_subcommand' -a help -d 'Show help'
complete -c trust-registry -n '__fish_seen_subcommand_from help' -a '${names}'
complete -c trust-registry -s h -l help -d 'Show help'
complete -c trust-registry -n '__fish_use_subcommand' -s V -l version -d 'Show the version'
${lines.join('\n')}
`
}

function flagLine({ name, char, summary, expects }: FlagModel, where: string): string {
  const short = char === undefined ? '' : ` -s ${char}`
  return `complete -c trust-registry -n '${where}'${short} -l ${name}${value(expects)} -d ${quote(summary)}`
}

function value(expects: FlagModel['expects']): string {
  switch (expects) {
    case 'nothing':
      return ''
    case 'file':
      return ' -r -F'
    case 'directory':
      return ` -x -a '(__fish_complete_directories)'`
    case 'text':
      return ' -x'
    default:
      return ` -x -a '${expects.join(' ')}'`
  }
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
