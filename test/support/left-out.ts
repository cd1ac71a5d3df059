import { appendFileSync } from 'node:fs'

/**
 * Skips a test, or from a `before` hook a suite, and says why: `scripts/test.js` prints the reason, and
 * in CI it must stand in `test/allowed-skips.json`.
 */
export function leaveOut(context: Mocha.Context, reason: string): never {
  const runnable = context.runnable()
  const isHook = 'type' in runnable && runnable.type === 'hook'
  const title = (isHook ? (runnable.parent ?? runnable) : runnable).fullTitle()
  // mocha runs files in processes of their own and hands only its own fields on.
  const notes = process.env['TRUST_REGISTRY_LEFT_OUT']
  if (notes !== undefined) appendFileSync(notes, `${JSON.stringify({ title, reason })}\n`)
  return context.skip()
}
