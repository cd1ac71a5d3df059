import { setTimeout as sleep } from 'node:timers/promises'
import { TrustError } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'
import { serviceControl } from '../machine/service.ts'
import type { Restartable } from './acts.ts'
import { dockerApi } from './docker-api.ts'
import { daemonProcess, sameProcess, type DaemonProcess } from './docker-process.ts'
import { socketOf } from './docker-socket.ts'

const PING_MS = 2000
const FORGIVE_MS = 5000
const PAUSE_MS = 50
/** A daemon that is back may still take this long to answer. */
const GRACE_MS = 5000

/**
 * Restarts an engine and looks whether it came back: a process that began later, and that answers. The service
 * manager's exit code says neither (Debian's script fails without a word where its pid file is missing).
 * @throws TrustError `change-failed`
 */
export async function restartEngine(
  machine: Machine,
  engine: Restartable,
  deadlineMs: number,
): Promise<void> {
  const control = await serviceControl(machine, engine)
  if (!control) {
    throw new TrustError('change-failed', `nothing on this machine restarts ${engine}`, {
      finding: 'restart-needed',
      fix: `stop ${engine}d and start it the way it was started`,
    })
  }
  const before = await daemonProcess(machine)
  if (control.forgive) await machine.run(control.forgive, { timeoutMs: FORGIVE_MS })
  const until = Date.now() + deadlineMs
  const ran = await machine.run(control.restart, { timeoutMs: deadlineMs })
  const patience = Math.max(until, ran.timedOut ? 0 : Date.now() + GRACE_MS)
  while (!(await isBack(machine, before))) {
    if (Date.now() >= patience) throw notBack(engine, control.line, deadlineMs, ran)
    await sleep(PAUSE_MS)
  }
}

/** Whether the very process that was running is there still, and answers. */
export async function isUntouched(machine: Machine, was: DaemonProcess): Promise<boolean> {
  return sameProcess(await daemonProcess(machine), was) && (await answers(machine, was))
}

async function isBack(machine: Machine, before: DaemonProcess | undefined): Promise<boolean> {
  const now = await daemonProcess(machine)
  return now !== undefined && !sameProcess(now, before) && (await answers(machine, now))
}

async function answers(machine: Machine, daemon: DaemonProcess): Promise<boolean> {
  const ping = { method: 'GET', path: '/_ping', timeoutMs: PING_MS } as const
  const answer = await machine
    .socket(await socketOf(machine, daemon))
    .then((socket) => dockerApi(socket, ping))
    .catch(() => undefined)
  return answer?.status === 200
}

function notBack(
  engine: string,
  line: string,
  deadlineMs: number,
  ran: { readonly timedOut: boolean; readonly stdout: string; readonly stderr: string },
): TrustError {
  const said = `${ran.stdout}\n${ran.stderr}`.trim().split('\n').slice(-5).join('\n')
  const why = ran.timedOut ? `\`${line}\` did not end within ${deadlineMs / 1000} s` : said
  return new TrustError('change-failed', `${engine} did not come back after its restart`, {
    seen: why || `\`${line}\` says nothing`,
    fix: `${line}; journalctl -u ${engine} -n 20      # or: tail /var/log/${engine}.log`,
  })
}
