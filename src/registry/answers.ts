import { header, type Answer } from './exchange.ts'
import { comeBack, statusLine } from './status.ts'

const MAX_SAID = 300
/** Docker's client takes no token for shorter-lived (auth/session.go minimumTokenLifetimeSeconds). */
const MIN_LIFETIME_SECONDS = 60

export interface Token {
  /** For `Authorization: Bearer`. */
  readonly token: string
  /** An identity token: it is stored in the place of the password. */
  readonly refreshToken?: string
  readonly lifetimeSeconds: number
}

/**
 * A token service's answer: `access_token` before `token`, as Docker takes them; no expiry, or one that is too short,
 * means 60 s (distribution, spec/auth/token.md).
 * @returns the token, or what is wrong with the answer in the words of Docker's client
 */
export function readToken(answer: Answer): Token | string {
  const body = parse(answer)
  if (body === undefined) return `unable to decode token response: ${start(answer)}`
  const token = text(body['access_token']) ?? text(body['token'])
  if (token === undefined) return 'authorization server did not include a token in the response'
  if (!/^[!-~]+$/.test(token)) return 'the token holds characters that belong into no header'
  const refreshToken = text(body['refresh_token'])
  const seconds = body['expires_in']
  const lifetimeSeconds =
    typeof seconds === 'number' && seconds > MIN_LIFETIME_SECONDS ? seconds : MIN_LIFETIME_SECONDS
  return { token, lifetimeSeconds, ...(refreshToken === undefined ? {} : { refreshToken }) }
}

/**
 * What a registry or a token service has to say about a refusal, as Docker prints it: `unauthorized: message` from
 * `{"errors": […]}` (distribution spec, "Errors"), a `details` of old services, else the status with the body's beginning.
 */
export function refusalText(answer: Answer): string {
  const wait = answer.status === 429 || answer.status === 503 ? header(answer, 'retry-after') : undefined
  return `${saidBy(answer)}${wait === undefined ? '' : ` (come back after ${comeBack(wait)})`}`
}

function saidBy(answer: Answer): string {
  const body = parse(answer)
  const errors = Array.isArray(body?.['errors']) ? body['errors'].filter(isObject) : []
  const said = errors.flatMap((error) => {
    const code = text(error['code'])?.toLowerCase().replaceAll('_', ' ')
    const message = text(error['message'])
    return code === undefined && message === undefined ? [] : [[code, message].filter(Boolean).join(': ')]
  })
  if (said.length > 0) return said.join('; ').slice(0, MAX_SAID)
  const details = text(body?.['details'])
  if (details !== undefined) return `unauthorized: ${details}`.slice(0, MAX_SAID)
  const beginning = start(answer)
  return `${statusLine(answer.status)}${beginning === '' ? '' : `: ${beginning}`}`
}

function parse(answer: Answer): Readonly<Record<string, unknown>> | undefined {
  if (answer.partial) return undefined
  try {
    const body: unknown = JSON.parse(answer.body.toString('utf8'))
    return isObject(body) ? body : undefined
  } catch {
    return undefined
  }
}

/** A page for people says nothing in one line. */
function start({ body }: Answer): string {
  const words = body.toString('utf8').replace(/\s+/g, ' ').trim()
  return /^<(?:!doctype|html|\?xml)/i.test(words) ? 'an HTML page' : words.slice(0, 100)
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
