import type { Host } from '../../fixtures/lab/host.ts'

/** Go's list for Linux, crypto/x509 root_linux.go: the first that can be read is the store. */
const files = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
]

/** The bundle that a Go program on this host reads, as text. */
export async function goStore(host: Host): Promise<string> {
  const script = 'for f; do [ -r "$f" ] && exec cat "$f"; done'
  return (await host.run(['sh', '-c', script, 'go', ...files])).stdout
}
