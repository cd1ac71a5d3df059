// The parts of undici that http.ts loads one by one; undici describes them only as a whole.
declare module 'undici/lib/dispatcher/client.js' {
  import { Client } from 'undici'

  export default Client
}

declare module 'undici/lib/api/api-request.js' {
  import { Dispatcher } from 'undici'

  const request: Dispatcher['request']
  export default request
}
