import { flagTable, shortFlags } from '../words.ts'
import type { CommandModel, Expects, FlagModel } from './model.ts'

/** Works with bash 3.2 (macOS) and without the bash-completion package. */
export function bashScript(commands: readonly CommandModel[]): string {
  const names = commands.map(({ name }) => name)
  const values = Object.entries(flagTable).flatMap(([name, kind]) => (kind === 'value' ? [`--${name}`] : []))
  const letters = Object.entries(shortFlags).flatMap(([letter, name]) =>
    flagTable[name] === 'value' ? [`-${letter}`] : [],
  )
  return `# bash completion for trust-registry
# source <(trust-registry completion bash)
_trust_registry() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command='' word skip='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    # bash takes \`--ca=x\` for three words.
    if [[ -n $skip ]]; then [[ $word == '=' ]] || skip=''; continue; fi
    case $word in
      ${[...values, ...letters].join('|')}) skip=1 ;;
      -*) ;;
      ${names.join('|')}|help) command=$word; break ;;
      *) command=trust; break ;;
    esac
  done

  if [[ $cur == '=' ]]; then cur=''; elif [[ $prev == '=' ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  case $prev in
${valueCases(commands)}
  esac

  local flags=''
  case $command in
${commands.map((command) => `    ${command.name}) flags='${words(command)}' ;;`).join('\n')}
    help) flags='${names.join(' ')}' ;;
    '') flags='${words(commands[0])} --help --version' ;;
  esac
  if [[ $cur == -* || $command == help || $command == completion ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$cur"))
  elif [[ -z $command ]]; then
    COMPREPLY=($(compgen -W '${names.join(' ')} help' -- "$cur"))
  fi
}
complete -F _trust_registry trust-registry
`
}

function words(command: CommandModel | undefined): string {
  if (command === undefined) return ''
  return [...command.words, ...command.flags.flatMap(forms), '--help'].join(' ')
}

function forms({ name, char }: FlagModel): string[] {
  return [`--${name}`, ...(char === undefined ? [] : [`-${char}`])]
}

function valueCases(commands: readonly CommandModel[]): string {
  const seen = new Map<string, FlagModel>()
  for (const flag of commands.flatMap(({ flags }) => flags)) {
    if (flag.expects !== 'nothing') seen.set(flag.name, flag)
  }
  return [...seen.values()]
    .map((flag) => `    ${forms(flag).join('|')}) ${reply(flag.expects)}; return ;;`)
    .join('\n')
}

function reply(expects: Expects): string {
  if (expects === 'file') return 'COMPREPLY=($(compgen -f -- "$cur"))'
  if (expects === 'directory') return 'COMPREPLY=($(compgen -d -- "$cur"))'
  if (typeof expects === 'string') return ':'
  return `COMPREPLY=($(compgen -W '${expects.join(' ')}' -- "$cur"))`
}
