import type { Channel } from './channel.ts'
import { failure } from './words.ts'

/** Who we are over there, and its clock. */
export interface Greeting {
  readonly uid: number
  readonly gid: number
  /** `#1000`, as sudoers(5) writes it, where the name is none that a line to paste may hold. */
  readonly name: string
  readonly home: string
  /** Its clock minus ours, in milliseconds. */
  readonly clockMs: number
  /** uname -s. */
  readonly system: string
}

/** As useradd(8) takes them, and with a domain. */
const NAME = /^[A-Za-z0-9_.@-]+\$?$/

export async function greet(channel: Channel): Promise<Greeting> {
  const before = Date.now()
  const { body, said, status } = await channel.ask({ do: 'hello' })
  const middle = (before + Date.now()) / 2
  const [uid, gid, name = '', home = '/', seconds, system = ''] = body
    .toString('utf8')
    .split('\n')
    // What the login shell has printed before comes first.
    .slice(-7)
  if (status !== '0' || !/^\d+$/.test(uid ?? '')) throw failure(said, 'the first words over ssh')
  // Whole seconds: the clock is half of one further on average.
  const clockMs = Number(seconds) * 1000 + 500 - middle
  return {
    uid: Number(uid),
    gid: Number(gid),
    name: NAME.test(name) ? name : `#${String(uid)}`,
    home,
    clockMs: Math.abs(clockMs) < 2000 ? 0 : clockMs,
    system,
  }
}
