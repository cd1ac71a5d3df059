import type { CommandModel, FlagModel } from './model.ts'

export function zshScript(commands: readonly CommandModel[]): string {
  const described = commands.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}`).join('\n')
  const cases = commands.map(
    (command) => `    ${command.name})
      _arguments -s -S : \\
        ${argumentsOf(command).join(' \\\n        ')} ;;`,
  )
  return `#compdef trust-registry
# trust-registry completion zsh > "\${fpath[1]}/_trust-registry"
_trust_registry_commands() {
  local -a commands
  commands=(
${described}
    'help:Show help'
  )
  _describe -t commands command commands
}

_trust_registry() {
  local command=trust
  local -a names
  names=(${commands.map(({ name }) => name).join(' ')} help)
  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
    _trust_registry_commands
    return
  fi
  if (( $names[(Ie)$words[2]] )); then
    command=$words[2]
    shift words
    (( CURRENT-- ))
  fi
  case $command in
    help) _trust_registry_commands ;;
${cases.join('\n')}
  esac
}

if [[ $funcstack[1] == _trust-registry ]]; then
  _trust_registry "$@"
else
  compdef _trust_registry trust-registry
fi
`
}

function argumentsOf(command: CommandModel): string[] {
  const flags = command.flags.flatMap((flag) => [flag, ...shortForm(flag)].map((form) => quote(spec(form))))
  const rest = command.words.length > 0 ? `1:shell:(${command.words.join(' ')})` : '*:registry: '
  return [...flags, quote('--help[show help]'), quote(rest)]
}

interface Form extends FlagModel {
  readonly short?: true
}

function shortForm(flag: FlagModel): Form[] {
  return flag.char === undefined ? [] : [{ ...flag, name: flag.char, short: true }]
}

/** `*--ca[summary]:value:_files`, zsh's own little language. */
function spec({ name, summary, repeatable, expects, short }: Form): string {
  const flag = `${repeatable ? '*' : ''}${short === true ? '-' : '--'}${name}[${summary.replaceAll(/[[\]:]/g, '\\$&')}]`
  if (expects === 'nothing') return flag
  if (expects === 'file') return `${flag}:file:_files`
  if (expects === 'directory') return `${flag}:directory:_files -/`
  return typeof expects === 'string' ? `${flag}:value: ` : `${flag}:value:(${expects.join(' ')})`
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
