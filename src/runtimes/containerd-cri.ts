import type { Machine } from '../machine/machine.ts'
import { pullByCri, UNIMPLEMENTED } from './cri.ts'
import { judgeMessage } from './docker-words.ts'
import type { EngineAnswer } from './engine.ts'

export const SOCKET = '/run/containerd/containerd.sock'

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

/** `failed to pull and unpack image "…": ` of the CRI, before what `ctr` says as well. */
function withoutImage(message: string): string {
  return message.replace(/^failed to pull and unpack image "[^"]*": /, '')
}
