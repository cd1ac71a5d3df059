import { bashScript } from './bash.ts'
import { fishScript } from './fish.ts'
import { completionModel } from './model.ts'
import type { Shell } from './shells.ts'
import { zshScript } from './zsh.ts'

export function completionScript(shell: Shell): string {
  switch (shell) {
    case 'bash':
      return bashScript(completionModel())
    case 'zsh':
      return zshScript(completionModel())
    case 'fish':
      return fishScript(completionModel())
  }
}
