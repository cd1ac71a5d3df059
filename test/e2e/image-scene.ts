import assert from 'node:assert/strict'
import type { Host } from '../../fixtures/lab/host.ts'
import { watched } from './scene.ts'

/** What a run of ours has business with in an image, by its bytes; of all else, which file it is and when it changed. */
const parts = ['etc', 'usr/local', 'dev', 'proc', 'run', 'sys', 'tmp', 'root']
const rest = `cd "$1" && find . -xdev \\( -path ./var/lib/trust-registry ${parts.map((part) => `-o -path ./${part}`).join(' ')} \\) -prune \
  -o -type d -printf '%p\\n' -o -printf '%p %i %C@ %U %m\\n' | sort | sha256sum`
/** What a run could hit by mistake on the machine that builds images. */
export const builders = [
  ...watched,
  '/usr/share/ca-certificates',
  '/var/lib/trust-registry',
  '/var/lib/ca-certificates',
]

/** What is in the root folder of an image, to compare. */
export async function contentsOf(builder: Host, root: string): Promise<string[]> {
  const [known, others] = await Promise.all([
    builder.snapshot(parts.map((part) => `${root}/${part}`)),
    builder.run(['sh', '-c', rest, 'rest', root]),
  ])
  assert.equal(others.code, 0, others.stderr)
  return [...known, others.stdout]
}
