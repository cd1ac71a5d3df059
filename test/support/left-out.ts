/**
 * Skips a test, or from a `before` hook a suite, and says why: `scripts/test.js` prints the reason, and
 * in CI it must stand in `test/allowed-skips.json`.
 */
export function leaveOut(context: Mocha.Context, reason: string): never {
  const runnable = context.runnable()
  const isHook = 'type' in runnable && runnable.type === 'hook'
  Object.assign(isHook ? (runnable.parent ?? runnable) : runnable, { leftOut: reason })
  return context.skip()
}
