import { posix } from 'node:path'
import { TrustError } from '../errors.ts'
import { DISK, MEMORY, type Boot2docker } from '../machine/boot2docker.ts'
import type { Machine } from '../machine/machine.ts'
import { shellWord } from '../machine/shell.ts'
import { readExisting } from './look.ts'
import type { WantedFile } from './model.ts'

/** What is to be in RAM after every boot, by its path. */
const KEPT = `${DISK}/${MEMORY}/boot`

// An image of 1.10 or later that is booted from the same disk keeps /etc/docker there by itself, where it is not in RAM
// by then: so the files go where that image will look.
const BLOCK = `# >>> trust-registry: puts back what it keeps; \`trust-registry undo\` takes this out
(
  to=/etc/docker
  [ -e $to ] || ! grep -qs boot2docker/etc/docker /etc/init.d/docker || to=${DISK}/etc/docker
  cd ${KEPT}/etc/docker && mkdir -p $to && cp -R . $to
) 2> /dev/null || :
# <<< trust-registry
`
const SHEBANG = /^#!.*\n/

/**
 * For every file in RAM a copy on the disk, and the owner's boot script with the lines that put them back. Where the
 * image keeps /etc/docker on the disk, the files alone, by where they are: nothing is written through a link.
 * @throws TrustError `change-failed` where the owner's script is none that the image would run
 */
export async function surviving(
  machine: Machine,
  vm: Boot2docker,
  wanted: readonly WantedFile[],
): Promise<readonly WantedFile[]> {
  const { docker } = vm
  if (docker !== undefined)
    return wanted.map((file) => ({ ...file, path: file.path.replace(/^\/etc\/docker(?=\/)/, () => docker) }))
  if (wanted.length === 0) return wanted
  const copies = await Promise.all(wanted.map((file) => copyOf(machine, file)))
  return [...wanted, ...copies, await bootScript(machine, posix.join(vm.disk, vm.script))]
}

/** Made from what the copy was, not from what is in RAM; no engine reads it. */
async function copyOf(machine: Machine, file: WantedFile): Promise<WantedFile> {
  const { from: edited, bytes, mode, certificate, runtime } = file
  const path = posix.join(KEPT, file.path)
  const from = edited && (await readExisting(machine, path))
  const known = { ...(certificate === undefined ? {} : { certificate }), ...(from ? { from } : {}) }
  return { path, bytes, mode, ...known, reason: 'the copy that outlives a reboot of this VM', runtime }
}

async function bootScript(machine: Machine, path: string): Promise<WantedFile> {
  const from = await readExisting(machine, path)
  const info = from && (await machine.stat(path))
  if (info && (info.mode & 0o100) === 0) {
    throw unusable(path, 'the image does not run it: it is not executable', `chmod 755 ${shellWord(path)}`)
  }
  const text = from?.toString('latin1') ?? '#!/bin/sh\n'
  const [first = ''] = SHEBANG.exec(text) ?? []
  if (first !== '' && !/^#!\s*\S*\/(?:env\s+)?(?:ba|da|a)?sh\b/.test(first))
    throw unusable(path, `it is no shell script: ${first.trim()}`, `head ${shellWord(path)}`)
  return {
    path,
    bytes: Buffer.from(withBlock(text), 'latin1'),
    mode: 0o755,
    ...(from ? { from } : {}),
    reason: 'this VM runs it at boot; it puts the copies back',
    runtime: 'docker',
  }
}

/** First of all that the script does, as it may end at any line. */
export function withBlock(text: string): string {
  if (text.includes(BLOCK)) return text
  const [first = ''] = SHEBANG.exec(text) ?? []
  return `${first}${BLOCK}${text.slice(first.length)}`
}

function unusable(path: string, why: string, fix: string): TrustError {
  return new TrustError('change-failed', `${path} cannot be used to outlive a reboot; nothing was changed`, {
    seen: why,
    fix,
  })
}
