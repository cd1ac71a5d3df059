import assert from 'node:assert/strict'
import { judgeMessage } from '../../src/runtimes/docker-words.ts'
import type { EngineAnswer } from '../../src/runtimes/engine.ts'

const GET = 'Get "https://reg:5000/v2/": '
const HEAD = 'Head "https://reg:5000/v2/trust-registry-probe/manifests/latest": '
const PULL = 'failed to resolve reference "reg:5000/trust-registry-probe:x": '
const DENIED = 'pull access denied, repository does not exist or may require authorization: '

const messages: readonly (readonly [EngineAnswer['outcome'], number, string])[] = [
  ['refused', 500, `${GET}x509: certificate signed by unknown authority`],
  ['refused', 500, 'Get https://reg:5000/v2/: x509: certificate signed by unknown authority'],
  ['refused', 500, `${GET}tls: failed to verify certificate: x509: certificate signed by unknown authority`],
  ['refused', 500, `${HEAD}x509: certificate has expired or is not yet valid: current time 2`],
  ['refused', 500, `${GET}x509: certificate is valid for other, not reg`],
  ['refused', 500, `${GET}x509: certificate is not valid for any names, but wanted to match reg`],
  ['refused', 500, `${GET}x509: certificate relies on legacy Common Name field, use SANs instead`],
  ['refused', 500, `${GET}x509: certificate specifies an incompatible key usage`],
  ['refused', 500, `${GET}x509: certificate is not authorized to sign other certificates`],
  ['refused', 500, `${GET}x509: failed to load system roots and no roots provided`],
  ['refused', 500, `${GET}http: server gave HTTP response to HTTPS client`],
  ['refused', 500, `${GET}tls: oversized record received with length 20527`],
  ['refused', 500, `${GET}tls: first record does not look like a TLS handshake`],
  ['refused', 500, `${GET}remote error: tls: protocol version not supported`],
  ['refused', 500, `${GET}remote error: tls: bad certificate`],
  ['refused', 500, `${GET}remote error: tls: handshake failure`],
  ['refused', 500, `${GET}remote error: tls: certificate required`],
  ['refused', 500, `${GET}net/http: TLS handshake timeout`],
  ['refused', 500, `${GET}EOF`],
  ['refused', 500, 'Get https://reg:5000/v2/: EOF'],
  ['refused', 400, 'open /etc/docker/certs.d/reg:5000: permission denied'],
  ['refused', 400, `${PULL}stat /etc/docker/certs.d/reg_5000_: permission denied`],
  ['refused', 400, `${PULL}unable to read CERT file "/x/a.key": open /x/a.key: permission denied`],
  ['refused', 400, 'read /etc/docker/certs.d/reg:5000/x.crt: is a directory'],
  ['refused', 400, 'missing client certificate a.cert for key a.key'],
  [
    'refused',
    400,
    'Missing key a.key for client certificate a.cert. Note that CA certificates should use .crt',
  ],
  ['refused', 500, 'Get "https://auth.corp/token?x=1": x509: certificate signed by unknown authority'],
  ['accepted', 200, 'Login Succeeded'],
  ['accepted', 200, ''],
  ['accepted', 500, `${GET}no basic auth credentials`],
  ['accepted', 500, 'login attempt to https://reg:5000/v2/ failed with status: 401 Unauthorized'],
  ['accepted', 500, 'login attempt to https://reg:5000/v2/ failed with status: 404 Not Found'],
  ['accepted', 401, 'unauthorized: authentication required'],
  ['accepted', 401, 'denied: permission denied for this repository'],
  ['accepted', 403, 'denied: requested access to the resource is denied'],
  ['accepted', 500, 'login attempt to https://reg:5000/v2/ failed with status: 400 Bad Request'],
  ['accepted', 404, 'manifest unknown: manifest unknown'],
  [
    'refused',
    400,
    'error parsing HTTP 400 response body: invalid character \'<\' looking for beginning of value: "<title>400 No required SSL certificate was sent</title>"',
  ],
  ['accepted', 403, 'denied: x509: open /etc/shadow: permission denied'],
  ['accepted', 500, `${GET}unauthorized: tls: bad certificate`],
  ['accepted', 500, 'errors:\ndenied: x509: no\nunauthorized: tls: no\n'],
  ['accepted', 500, 'received unexpected HTTP status: 503 x509: open /etc/shadow: permission denied'],
  ['accepted', 500, `error parsing HTTP 404 response body: invalid character 'x': "x509: open /etc/shadow"`],
  ['refused', 500, `${GET}x509: certificate is valid for denied: a, not reg`],
  ['accepted', 404, 'name unknown: repository name not known to registry'],
  ['accepted', 500, 'authorization server did not include a token in the response'],
  ['accepted', 500, 'no realm specified for token auth challenge'],
  ['accepted', 500, 'received unexpected HTTP status: 503 Service Unavailable'],
  [
    'accepted',
    500,
    "error parsing HTTP 404 response body: invalid character '<' looking for beginning of value",
  ],
  ['accepted', 429, 'toomanyrequests: slow down'],
  [
    'accepted',
    500,
    `${PULL}failed to authorize: failed to fetch anonymous token: unexpected status from GET`,
  ],
  [
    'accepted',
    500,
    `${PULL}failed to authorize: failed to fetch oauth token: Post "https://a/t": x509: unknown`,
  ],
  ['accepted', 401, 'unauthorized: incorrect username or password'],
  ['accepted', 401, 'error from registry: incorrect username or password'],
  ['accepted', 404, `${DENIED}authorization failed: no basic auth credentials`],
  ['accepted', 404, `${DENIED}server message: insufficient_scope: authorization failed`],
  [
    'refused',
    500,
    `${PULL}failed to do request: ${HEAD}x509: certificate is valid for failed to authorize: x`,
  ],
  ['unclear', 500, `${GET}dial tcp 10.0.0.1:5000: connect: connection refused`],
  ['unclear', 500, `${GET}dial tcp: lookup reg on 10.0.0.2:53: no such host`],
  ['unclear', 500, `${GET}dial tcp 10.0.0.1:5000: i/o timeout`],
  ['unclear', 500, `${GET}context deadline exceeded (Client.Timeout exceeded while awaiting headers)`],
  ['unclear', 500, `${GET}read tcp 10.0.0.1:5->10.0.0.2:6: read: connection reset by peer`],
  ['unclear', 500, `${GET}proxyconnect tcp: dial tcp: lookup proxy: no such host`],
  ['unclear', 500, 'Get "https://reg:5000/v2/": Proxy Authentication Required'],
  ['unclear', 500, ''],
  ['unclear', 500, 'something new'],
  // Words in names prove nothing.
  ['unclear', 500, 'Get "https://token.corp:5000/v2/": dial tcp 10.0.0.1:5000: connect: connection refused'],
  ['unclear', 500, 'Get "https://denied.corp/v2/": dial tcp: lookup denied.corp: no such host'],
  ['unclear', 500, 'Get "https://token.corp/v2/": something new'],
  ['accepted', 500, 'Get "https://certificate.corp/v2/": no basic auth credentials'],
]

describe('runtimes/docker: what a message means', () => {
  for (const [outcome, status, message] of messages) {
    it(`${outcome}: ${status} ${message}`, () => {
      assert.equal(judgeMessage(status, message), outcome)
    })
  }
})
