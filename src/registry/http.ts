import { setFlagsFromString } from 'node:v8'
import type { buildConnector, Client as HttpClient } from 'undici'
import request from 'undici/lib/api/api-request.js'
import UndiciClient from 'undici/lib/dispatcher/client.js'

/**
 * The one door to undici. Behind a dynamic import, so that only those who speak HTTP pay for it, and no
 * more of undici than a client: all of it costs 70 ms to load, this 10.
 */
export type Client = HttpClient
/** What opens a connection for a client. */
export type Connector = buildConnector.connector

// Its parser is WebAssembly, and a process does not end before V8 has optimised that: 40 ms for a handful of answers.
setFlagsFromString('--liftoff-only')

// undici's own index does the same for all of its dispatchers and methods.
export const Client: typeof HttpClient = UndiciClient
Client.prototype.request = request
