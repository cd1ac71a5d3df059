/** Go's words (net/http StatusText), for what proxies and other programs answer. */
export const statusTexts: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  407: 'Proxy Authentication Required',
  408: 'Request Timeout',
  410: 'Gone',
  421: 'Misdirected Request',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
}

/** As a status line has it: `401 Unauthorized`. */
export function statusLine(status: number): string {
  const text = statusTexts[status]
  return text === undefined ? `HTTP status ${status}` : `${status} ${text}`
}

/** `Retry-After`: seconds, or a date (RFC 9110 section 10.2.3). */
export function comeBack(value: string): string {
  return /^\d{1,9}$/.test(value) ? `${value} s` : value.slice(0, 60)
}
