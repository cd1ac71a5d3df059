import type { RegistryDocument } from '../../report/document.ts'
import { defaultOptions, type Options } from '../options.ts'
import { readPin } from '../reach-options.ts'
import { againLine } from './consent.ts'
import { otherScopeLine } from './escalate.ts'
import type { Order, TrustOrder } from './order.ts'

/** What root's half makes of an order, as if it had been typed. Consent was given to what was shown, and is held to. */
export function optionsOf(order: Order): Options {
  return {
    ...defaultOptions,
    command: order.do === 'undo' ? 'undo' : 'trust',
    registries: order.do === 'heal' ? [] : [order.registry],
    timeoutMs: order.timeoutMs,
    yes: true,
    ...(order.do === 'heal' ? {} : { restart: order.restart }),
    ...(order.do === 'trust' ? trustOptions(order) : {}),
  }
}

function trustOptions(order: TrustOrder): Partial<Options> {
  const { runtimes, aia, offline, prune, scope, keepAppended, resolve, proxy, login } = order
  const named = login === undefined ? {} : { username: login.username, loginRequired: login.required }
  const reach = { pins: resolve.map(readPin), ...(proxy === undefined ? {} : { proxy }) }
  return { runtimes, aia, offline, prune, scope, keepAppended, ...reach, ...named }
}

/** Root's half knows no path and no flag of the caller's: where it says "type it again", the caller's own line goes. */
export function asTyped(options: Options, order: Order, line: string): string {
  const root = { options: optionsOf(order) }
  const user = { options }
  return line
    .replaceAll(againLine(root), () => againLine(user))
    .replaceAll(otherScopeLine(root), () => otherScopeLine(user))
}

/** The same for all that a report advises. */
export function reportAsTyped(options: Options, order: Order, document: RegistryDocument): RegistryDocument {
  const typed = <T extends { readonly fix?: string }>(told: T): T =>
    told.fix === undefined ? told : { ...told, fix: asTyped(options, order, told.fix) }
  const { error, findings } = document
  return { ...document, findings: findings.map(typed), ...(error ? { error: typed(error) } : {}) }
}
