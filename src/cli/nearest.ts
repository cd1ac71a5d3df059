/** Wrong letters that still make it a slip of the fingers, and no other word. */
const slips = (word: string, candidate: string): number =>
  Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3))

/**
 * The candidate that was likely meant: the one with the smallest edit distance, as long as that is a slip; else the
 * only one that begins so. Of equals the first.
 */
export function nearest<T extends string>(word: string, candidates: readonly T[]): T | undefined {
  const cut = word.slice(0, 64)
  let best: T | undefined
  let least = Infinity
  for (const candidate of candidates) {
    const distance = editDistance(cut, candidate)
    if (distance < least && distance <= slips(cut, candidate)) {
      best = candidate
      least = distance
    }
  }
  if (best !== undefined || cut.length < 2) return best
  const begun = candidates.filter((candidate) => candidate.startsWith(cut))
  return begun.length === 1 ? begun[0] : undefined
}

/** Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let before: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      let cost = Math.min(
        at(previous, column) + 1,
        at(current, column - 1) + 1,
        at(previous, column - 1) + (same ? 0 : 1),
      )
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      if (swapped) cost = Math.min(cost, at(before, column - 2) + 1)
      current.push(cost)
    }
    before = previous
    previous = current
  }
  return at(previous, b.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity
}
