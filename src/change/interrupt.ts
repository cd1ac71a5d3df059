import { TrustError } from '../errors.ts'

/**
 * What `work` brings, or an end as soon as there is a signal: what others still owe us an answer to goes on by
 * itself, and its outcome no longer matters.
 * @throws TrustError `interrupted`
 */
export async function unlessInterrupted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let stop = (): void => undefined
  const interrupted = new Promise<never>((_, reject) => {
    stop = () => {
      reject(new TrustError('interrupted', 'interrupted; everything was rolled back'))
    }
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([work, interrupted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
