import type { Machine } from './machine.ts'

export type ServiceManager = 'systemd' | 'openrc' | 'sysv' | 'init.d'

/** How this machine restarts a service: the program to run, and the line that a person would type. */
export interface ServiceControl {
  readonly manager: ServiceManager
  readonly restart: readonly [string, ...string[]]
  readonly line: string
  /** Has it forget that starts have failed; systemd refuses a further one after some of them. */
  readonly forgive?: readonly [string, ...string[]]
}

/** What starts and stops `name` here; undefined where nothing does, as for a daemon that was started by hand. */
export async function serviceControl(machine: Machine, name: string): Promise<ServiceControl | undefined> {
  const script = `/etc/init.d/${name}`
  const kindOf = async (path: string): Promise<string | undefined> =>
    (await machine.stat(path).catch(() => undefined))?.kind
  // sd_booted(3): the folder is there where systemd is the first process, and only there.
  if ((await kindOf('/run/systemd/system')) === 'directory') {
    const systemctl = await machine.which('systemctl')
    if (systemctl !== undefined) {
      const forgive = [systemctl, 'reset-failed', name] as const
      return { ...control('systemd', [systemctl, 'restart', name]), forgive }
    }
  }
  if ((await kindOf(script)) === undefined) return undefined
  // OpenRC makes this folder at boot.
  if ((await kindOf('/run/openrc')) === 'directory') {
    const rcService = await machine.which('rc-service')
    if (rcService !== undefined) return control('openrc', [rcService, name, 'restart'])
  }
  const service = await machine.which('service')
  return service === undefined
    ? control('init.d', [script, 'restart'])
    : control('sysv', [service, name, 'restart'])
}

function control(manager: ServiceManager, restart: readonly [string, ...string[]]): ServiceControl {
  const [program, ...args] = restart
  const line = [manager === 'init.d' ? program : program.replace(/^.*\//, ''), ...args].join(' ')
  return { manager, restart, line }
}
