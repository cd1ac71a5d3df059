import type { EngineSurvey } from '../runtimes/engine.ts'

/** What starts or restarts an engine on its machine; all jobs of a daemon are the daemon's. */
export function serviceLine(survey: EngineSurvey, verb: 'start' | 'restart'): string {
  const { manager, service = 'systemd' } = survey
  const name = serviceName(survey)
  if (manager !== undefined) return `${manager} ${verb} ${name}`
  switch (service) {
    case 'systemd':
      return `systemctl ${verb} ${name}`
    case 'openrc':
      return `rc-service ${name} ${verb}`
    case 'sysv':
      return `service ${name} ${verb}`
    case 'init.d':
      return `/etc/init.d/${name} ${verb}`
    case 'none':
      return verb === 'start' ? `start ${name}d` : `stop ${name}d and start it the way it was started`
  }
}

/** The daemon that an engine is, or is a job of. */
export function serviceName({ name }: Pick<EngineSurvey, 'name'>): string {
  return name.replace(/^docker-.*/, 'docker')
}
