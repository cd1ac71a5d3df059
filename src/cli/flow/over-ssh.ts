import { shellWord } from '../../machine/shell.ts'

/** How a person gets to a machine that ssh reaches. */
export interface SshLogin {
  /** `ssh -p 2222 docker@vm`, as words. */
  readonly words: readonly [string, ...string[]]
  /** Whether that person is root there. */
  readonly root: boolean
}

/** What advice has a person run on the engine's machine; sentences begin with other words. */
const PROGRAM =
  /^(?:sudo )?(?:'?\/|(?:\$\{EDITOR:-vi\}|apt-get|apk|dnf|zypper|pacman|fuser|ps|systemctl|service|rc-service|snap|kill|dockerd|podman|skopeo|buildah|ctr|mv|rm|rmdir|cp|mkdir|install|chmod|chown|echo|openssl|csplit|update-ca-certificates|update-ca-trust|clrtrust|ls|lsattr|lslocks|df|findmnt|dmesg|cat|head|tail|journalctl|timedatectl|curl|getent|tee|sh|reboot) )/
/** These look, and need nobody's rights. */
const HARMLESS = /^(?:curl|getent|openssl s_client|ls|df|findmnt|echo|ps) /
/** These ask, or show a screen. */
const ASKING = /^(?:\$\{EDITOR:-vi\}|apt-get|dnf|zypper|pacman) /
const SHELL = /[;&|<>*~$'"]/

/** Lines that are to be typed on a machine over ssh, as they are typed here. */
export function overSsh({ words, root }: SshLogin, fix: string): string {
  return fix
    .split('\n')
    .map((line) => {
      const [command, comment] = parted(line)
      if (!PROGRAM.test(`${command} `)) return line
      // A file that is fed to it is one of this computer.
      const [, work = command, input = ''] = /^(.*)( < \S+)$/.exec(command) ?? []
      const there = root || HARMLESS.test(work) ? work : asRoot(work)
      // Where sudo asks for a password, it does so at a terminal.
      const terminal = (there.includes('sudo ') || ASKING.test(work)) && input === '' ? ['-t'] : []
      const ssh = [words[0], ...terminal, ...words.slice(1)].map(shellWord).join(' ')
      return `${ssh} ${shellWord(there)}${input}${comment}`
    })
    .join('\n')
}

/** A comment begins outside of quotes: what stands in them may be the far side's, and is never typed here. */
function parted(line: string): readonly [string, string] {
  const quoted = /'[^']*'|"(?:\\.|[^"\\])*"|\\./g
  const plain = line.replace(quoted, (text) => '_'.repeat(text.length))
  const at = plain.search(/ {2,}# (?!.* {2}# )/)
  return at === -1 ? [line, ''] : [line.slice(0, at), line.slice(at)]
}

function asRoot(command: string): string {
  if (/\bsudo /.test(command)) return command
  return SHELL.test(command) ? `sudo sh -c ${shellWord(command)}` : `sudo ${command}`
}
