import { posix } from 'node:path'
import type { Change } from '../../change/index.ts'
import { KEPT } from '../../change/state.ts'
import { TrustError } from '../../errors.ts'
import { shellWord } from '../../machine/shell.ts'

/** What should have gone and did not, since somebody has changed it or an engine's settings name it. */
export function keptFiles(
  changes: readonly Change[],
  registry: string,
  stateDir: string,
): TrustError | undefined {
  const left = changes.filter((entry) => entry.state === 'kept')
  const kept = left.filter(({ namedBy }) => namedBy === undefined)
  const named = left.flatMap(({ path, namedBy }) => (namedBy === undefined ? [] : [{ path, namedBy }]))
  if (kept.length === 0 && named.length > 0) {
    return new TrustError(
      'rollback-incomplete',
      `still named in a file of settings, and therefore kept: ${named.map(({ path }) => path).join(', ')}`,
      {
        fix: named.map(({ path, namedBy }) => `take ${path} out of ${namedBy}, then run it again`).join('\n'),
      },
    )
  }
  if (kept.length === 0) return undefined
  return new TrustError(
    'rollback-incomplete',
    `changed by somebody since, and therefore kept: ${kept.map(({ path }) => path).join(', ')}`,
    {
      fix: kept
        .map(({ path, before }) =>
          before === undefined
            ? takeAway(path)
            : takeOut(path, registry, posix.join(stateDir, KEPT + before)),
        )
        .join('\n'),
    },
  )
}

/** For a person who has looked at it: the file, and the directory where nothing else is in it. */
function takeAway(path: string): string {
  return `rm ${shellWord(path)}; rmdir --ignore-fail-on-non-empty ${shellWord(posix.dirname(path))}`
}

/** A file that was there before us goes on being theirs: only our lines in it may go. */
function takeOut(path: string, registry: string, before: string): string {
  return `diff ${shellWord(before)} ${shellWord(path)}      # it was there before: take out by hand only what was added for ${registry}`
}
