import { readFileSync } from 'node:fs'
import { homedir, userInfo } from 'node:os'
import type { Person, WhoAmI } from './machine.ts'

/** Who runs us, and for whom: under sudo credentials belong to the person who called. */
export function whoAmI(env: Readonly<Record<string, string | undefined>>, ownRoot: boolean): WhoAmI {
  const uid = process.geteuid?.()
  const privileged = ownRoot || uid === undefined || uid === 0
  const self: Person = { uid: uid ?? -1, gid: process.getegid?.() ?? -1, name: userName(), home: homedir() }
  const sudoUid = Number(env['SUDO_UID'] ?? Number.NaN)
  if (uid !== 0 || !Number.isInteger(sudoUid) || sudoUid === 0)
    return { uid: self.uid, privileged, invoker: self, elevated: false }
  const name = env['SUDO_USER'] ?? String(sudoUid)
  const gid = Number(env['SUDO_GID'] ?? sudoUid)
  return {
    uid,
    privileged,
    invoker: { uid: sudoUid, gid, name, home: homeOf(sudoUid) ?? `/home/${name}` },
    elevated: true,
  }
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.geteuid?.() ?? 'unknown')
  }
}

/** Home of a user by number; the password file, since sudo may or may not have kept HOME. */
function homeOf(uid: number): string | undefined {
  const entries = readFileSync('/etc/passwd', 'utf8').split('\n')
  return entries.map((line) => line.split(':')).find((fields) => fields[2] === String(uid))?.[5]
}
