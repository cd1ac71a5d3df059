import type { Limits } from '../../registry/connect.ts'
import {
  parseProxy,
  proxyFor,
  proxySettings,
  type Proxy,
  type ProxySettings,
} from '../../registry/proxy-rules.ts'
import type { Target } from '../../registry/reference.ts'
import type { Context } from './context.ts'
import type { Survey, Surveying } from './survey.ts'

type Ways = (target: Target) => Proxy | undefined

/** What one stage may take, and the ways out that were asked for. */
export function limitsOf(context: Context): Limits {
  const { options, services, machine } = context
  const proxy = ownProxy(context)
  return {
    timeoutMs: options.timeoutMs,
    signal: services.io.signal,
    ...(options.pins.length === 0 ? {} : { pins: options.pins }),
    ...(proxy ? { proxyFor: proxy } : {}),
    ...(machine.wire ? { wire: machine.wire } : {}),
  }
}

/** The same, once the engine's own settings are known: what it cannot see is not looked at. */
export function limitsBy(context: Context, survey: Survey): Limits {
  const proxy = ownProxy(context) ?? engineProxy(survey)
  return { ...withClient(context), ...(proxy ? { proxyFor: proxy } : {}) }
}

/** For the registry and its token services; what certificates name as their issuers' address is asked by anybody. */
function withClient(context: Context): Limits {
  const { client } = context
  return { ...limitsOf(context), ...(client ? { client } : {}) }
}

/**
 * Looks at once, directly; where the engine turns out to use a proxy for this registry, what was begun is dropped and
 * the look goes through that proxy. The engine is asked for it once the look has `begun`, or is over already.
 */
export async function asTheEngine<T>(
  context: Context,
  surveying: Surveying,
  target: Target,
  begun: Promise<unknown>,
  look: (limits: Limits) => Promise<T>,
): Promise<T> {
  const limits = withClient(context)
  if (limits.proxyFor) return look(limits)
  const dropped = new AbortController()
  const signal = limits.signal ? AbortSignal.any([limits.signal, dropped.signal]) : dropped.signal
  const direct = look({ ...limits, signal })
  await Promise.race([begun, direct]).catch(() => undefined)
  const survey = await surveying()
  if (!engineProxy(survey)?.(target)) return direct
  dropped.abort()
  return look(limitsBy(context, survey))
}

/** `--proxy`, but not for what NO_PROXY names. */
function ownProxy({ options, services }: Context): Ways | undefined {
  if (options.proxy === undefined) return undefined
  return waysOf({ ...proxySettings(services.io.env), https: options.proxy })
}

/** `--proxy` as it was given, where this registry is reached through it: NO_PROXY is the caller's. */
export function toldProxy(context: Context, target: Target): string | undefined {
  return ownProxy(context)?.(target) === undefined ? undefined : context.options.proxy
}

/** Of the first engine that has one. */
function engineProxy(survey: Survey): Ways | undefined {
  const settings = survey.engines
    .map(({ survey: found }) => found.proxy)
    .find((proxy) => proxy?.https !== undefined)
  return settings && waysOf(settings)
}

function waysOf(settings: ProxySettings): Ways {
  const proxy = settings.https === undefined ? undefined : parseProxy(settings.https)
  return (target) => {
    if (proxyFor(target, settings) === undefined || proxy === undefined) return undefined
    if (settings.hidden === true && typeof proxy !== 'string') {
      const problem =
        'the engine keeps its user name and password from this user; run it with sudo, or give --proxy'
      return { ...proxy, problem }
    }
    // A proxy that is not spoken here is no reason to go round it.
    return typeof proxy === 'string' ? { host: '', port: 0, tls: false, shown: '', problem: proxy } : proxy
  }
}
