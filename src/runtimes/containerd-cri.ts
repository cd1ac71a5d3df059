import type { Machine } from '../machine/machine.ts'
import { pullByCri, UNAVAILABLE, UNIMPLEMENTED } from './cri.ts'
import { judgeMessage } from './docker-words.ts'
import type { EngineAnswer } from './engine.ts'

export const SOCKET = '/run/containerd/containerd.sock'
const SERVES_MS = 5000

/**
 * What the CRI makes of a registry that goes by one of these names. Undefined where no CRI answers: containerd runs
 * without one, or nobody here may ask; and where all that it tells of is a mirror.
 */
export async function askCri(
  machine: Machine,
  image: string,
  names: readonly string[],
  timeoutMs: number,
): Promise<EngineAnswer | undefined> {
  const socket = await machine.socket(SOCKET).catch(() => undefined)
  if (socket === undefined) return undefined
  const { status, message } = await pullByCri(socket, image, timeoutMs)
  if (status === UNIMPLEMENTED) return undefined
  const asked = /failed to do request: (?:Head|Get) "?https?:\/\/([^/"]+)\//.exec(message)?.[1]
  if (asked !== undefined && !names.includes(asked)) return undefined
  return { outcome: judgeMessage(status === 0 ? 200 : 500, withoutImage(message)), message }
}

/** Whether somebody pulls by the CRI of this containerd: Docker's comes without. An image without a name is asked of nobody. */
export async function servesCri(machine: Machine): Promise<boolean> {
  const socket = await machine.socket(SOCKET).catch(() => undefined)
  if (socket === undefined) return false
  const { status } = await pullByCri(socket, '', SERVES_MS)
  return status !== UNIMPLEMENTED && status !== UNAVAILABLE
}

/** `failed to pull and unpack image "…": ` of the CRI, before what `ctr` says as well. */
function withoutImage(message: string): string {
  return message.replace(/^failed to pull and unpack image "[^"]*": /, '')
}
