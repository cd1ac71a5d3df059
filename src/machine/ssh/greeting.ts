import type { Channel } from './channel.ts'
import { failure } from './words.ts'

/** Who we are over there, and its clock. */
export interface Greeting {
  readonly uid: number
  readonly gid: number
  readonly name: string
  readonly home: string
  /** Its clock minus ours, in milliseconds. */
  readonly clockMs: number
  /** uname -s. */
  readonly system: string
}

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
    name,
    home,
    clockMs: Math.abs(clockMs) < 2000 ? 0 : clockMs,
    system,
  }
}
