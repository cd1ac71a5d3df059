import { posix } from 'node:path'
import type { Machine, Person } from '../machine/machine.ts'

/** Under sudo the caller's podman is asked, not root's. */
export function personOf(machine: Machine): Person | undefined {
  const { elevated, invoker } = machine.who()
  return elevated ? invoker : undefined
}

export async function homeOf(machine: Machine, person: Person | undefined): Promise<Record<string, string>> {
  const { home, uid } = person ?? machine.who().invoker
  const runtime = `/run/user/${uid}`
  const there = (await machine.stat(runtime).catch(() => undefined))?.kind === 'directory'
  return { HOME: home, ...(there ? { XDG_RUNTIME_DIR: runtime } : {}) }
}

/** containers-auth.json(5): below the runtime directory, gone at the next boot. */
export async function authFile(machine: Machine): Promise<string> {
  const { XDG_RUNTIME_DIR: runtime } = await homeOf(machine, personOf(machine))
  const base = runtime ?? `/run/containers/${machine.who().invoker.uid}`
  return runtime === undefined ? posix.join(base, 'auth.json') : posix.join(base, 'containers/auth.json')
}
