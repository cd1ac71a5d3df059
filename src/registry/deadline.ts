/** What a stage throws when its time is over; never shown as it is. */
export class DeadlineError extends Error {
  readonly code = 'ETIMEDOUT'
  readonly stage: string
  constructor(stage: string, ms: number) {
    super(`${stage}: no answer within ${Number((ms / 1000).toFixed(3))} s`)
    this.name = 'DeadlineError'
    this.stage = stage
  }
}

/**
 * Bounds one stage. Node has no deadline of its own for a TLS handshake or a name look-up,
 * so that a silent server would hold a run up for ever. `cleanUp` runs when the time is over.
 */
export async function within<T>(
  ms: number,
  stage: string,
  signal: AbortSignal | undefined,
  work: Promise<T>,
  cleanUp: () => void = () => undefined,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  let onAbort: (() => void) | undefined
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new DeadlineError(stage, ms))
    }, ms)
    onAbort = () => {
      reject(new DOMException('interrupted', 'AbortError'))
    }
    if (signal?.aborted) onAbort()
    else signal?.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([work, limit])
  } catch (error) {
    cleanUp()
    work.catch(() => undefined)
    throw error
  } finally {
    clearTimeout(timer)
    if (onAbort) signal?.removeEventListener('abort', onAbort)
  }
}
