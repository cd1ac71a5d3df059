import { posix } from 'node:path'
import type { Change } from '../../change/index.ts'
import { TrustError } from '../../errors.ts'
import { shellWord } from '../../machine/shell.ts'

/** What should have gone and did not, since somebody has changed it. */
export function keptFiles(changes: readonly Change[]): TrustError | undefined {
  const kept = changes.filter((entry) => entry.state === 'kept').map((entry) => entry.path)
  if (kept.length === 0) return undefined
  return new TrustError(
    'rollback-incomplete',
    `changed by somebody since, and therefore kept: ${kept.join(', ')}`,
    { fix: kept.map(takeAway).join('\n') },
  )
}

/** For a person who has looked at it: the file, and the directory where nothing else is in it. */
function takeAway(path: string): string {
  return `rm ${shellWord(path)}; rmdir --ignore-fail-on-non-empty ${shellWord(posix.dirname(path))}`
}
