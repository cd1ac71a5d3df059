/** Registries under way. Each holds up to five descriptors, and 256 may be all that a process gets. */
export const AT_ONCE = 32

/** What is done already and not asked for yet: one that is slow holds up no more than this many. */
const MAX_AHEAD = 512

/** Works on `items` with at most `limit` under way; results in the order of the items. */
export async function eachOf<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = []
  const queue = items.entries()
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker))
  return results
}

/**
 * Works ahead of a caller that takes the results one by one, in the order of the items: at most `limit` are
 * under way. A failure waits until its turn.
 * @returns takes the next one
 */
export function aheadOf<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): () => Promise<R> {
  const ready: Promise<R>[] = []
  let next = 0
  let active = 0
  const fill = (): void => {
    for (; active < limit && ready.length < MAX_AHEAD; next++) {
      const item = items[next]
      if (item === undefined) return
      active++
      const result = work(item)
      ready.push(result)
      const free = (): void => {
        active--
        fill()
      }
      result.then(free, free)
    }
  }
  fill()
  return () => {
    const first = ready.shift()
    fill()
    return first ?? Promise.reject(new RangeError('there is no item left'))
  }
}
