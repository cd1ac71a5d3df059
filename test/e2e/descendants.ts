import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process may end while it is looked at. */
function readOr(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}

/** Process ids below one of ours, by the kernel's own lists (proc(5), /proc/PID/task/TID/children). */
function below(pid: number): readonly number[] {
  let threads: readonly string[]
  try {
    threads = readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
  const children = threads
    .flatMap((thread) => readOr(`/proc/${pid}/task/${thread}/children`).split(' '))
    .flatMap((text) => (text === '' ? [] : [Number(text)]))
  return children.flatMap((child) => [child, ...below(child)])
}

/** What the arguments and variables of our descendants held while something ran, looked at every few milliseconds. */
export async function sampled<T>(work: Promise<T>): Promise<{ readonly value: T; readonly seen: string }> {
  const seen = new Set<string>()
  let running = true
  const ended = work.finally(() => (running = false)).catch(() => undefined)
  while (running) {
    for (const pid of below(process.pid))
      for (const file of ['cmdline', 'environ']) seen.add(readOr(`/proc/${pid}/${file}`))
    await Promise.race([ended, sleep(5)])
  }
  return { value: await work, seen: [...seen].join('\n') }
}
