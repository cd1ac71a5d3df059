import { TrustError, errorCode, errorText } from '../../errors.ts'
import { releaseOf } from '../../machine/os-release.ts'
import { writesImages, type RootFacts } from '../../machine/root/facts.ts'
import { RootMachine } from '../../machine/root/machine.ts'
import { shellWord } from '../../machine/shell.ts'
import type { ImageChoice } from '../machine-choice.ts'
import type { Place } from './place.ts'

/**
 * `--machine DIR`: the root folder of an image.
 * @throws TrustError `usage` where DIR is none; `policy` where somebody else could change it under our hands
 */
export function openImage(choice: ImageChoice): Promise<Place> {
  return Promise.resolve().then(() => open(choice))
}

async function open({ path, text }: ImageChoice): Promise<Place> {
  if (!writesImages) {
    throw new TrustError('not-possible', 'an image root is written on Linux only; nothing was changed', {
      fix: 'run it where the image is built: in its Dockerfile, or on the Linux machine that builds it',
    })
  }
  const machine = opened(path)
  try {
    const facts = machine.facts()
    if (facts.isOurs) throw none(path, "that is this computer's own root, and no image", '--machine local')
    if ((await releaseOf(machine)) === undefined)
      throw none(path, 'no system has its root there: it holds no etc/os-release', `ls ${shellWord(path)}`)
    refuseOthers(path, facts)
    const close = (): Promise<void> => {
      machine.close()
      return Promise.resolve()
    }
    return { machine, name: text, why: '--machine', close }
  } catch (error) {
    machine.close()
    throw error instanceof TrustError ? error : unreadable(path, error)
  }
}

function opened(path: string): RootMachine {
  try {
    return new RootMachine(path)
  } catch (error) {
    throw unreadable(path, error)
  }
}

/** What root writes and runs there, the owner could have replaced. */
function refuseOthers(path: string, { uid, mode }: RootFacts): void {
  const ours = process.geteuid?.()
  if (uid !== 0 && uid !== ours) {
    throw new TrustError(
      'policy',
      `${path} belongs to user ${uid}, who could change it while it is written; nothing was changed`,
      {
        seen: `owner ${uid}, we are ${ours ?? 'nobody'}`,
        fix: `chown root ${shellWord(path)}      # or run this as its owner`,
      },
    )
  }
  if ((mode & 0o022) !== 0) {
    throw new TrustError(
      'policy',
      `others may write to ${path}, and could change it while it is written; nothing was changed`,
      { seen: `mode ${mode.toString(8)}`, fix: `chmod go-w ${shellWord(path)}` },
    )
  }
}

function none(path: string, why: string, fix: string): TrustError {
  return new TrustError('usage', `--machine is ${JSON.stringify(path)}: ${why}`, { fix })
}

function unreadable(path: string, error: unknown): TrustError {
  if (errorCode(error) === 'ENOENT') return none(path, 'nothing is there', `ls -d ${shellWord(path)}`)
  if (errorCode(error) === 'ENOTDIR') return none(path, 'that is no folder', `ls -ld ${shellWord(path)}`)
  if (errorCode(error) === 'EACCES')
    return new TrustError('needs-privilege', `${path} may not be entered by this user; nothing was changed`, {
      cause: error,
    })
  return none(path, errorText(error), `ls -ld ${shellWord(path)}`)
}
