import { setFlagsFromString } from 'node:v8'
import type { buildConnector } from 'undici'
import request from 'undici/lib/api/api-request.js'
import UndiciClient from 'undici/lib/dispatcher/client.js'

/** What opens a connection for a client. */
export type Connector = buildConnector.connector

/**
 * The one door to undici. Behind a dynamic import, so that only those who speak HTTP pay for it, and no
 * more of undici than a client: all of it costs 70 ms to load, this 10.
 */
export class Client extends UndiciClient {
  constructor(...given: ConstructorParameters<typeof UndiciClient>) {
    // Its parser is WebAssembly, and a process does not end before V8 has optimised that: 40 ms for a handful of answers.
    // Not sooner: from then on V8 refuses the compiled code that Node brings for its own modules, TLS and crypto among them.
    setFlagsFromString('--liftoff-only')
    super(...given)
  }
}

// undici's own index does the same for all of its dispatchers and methods.
Client.prototype.request = request
