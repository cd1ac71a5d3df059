import { X509Certificate, createPrivateKey, type KeyObject } from 'node:crypto'

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----\r?\n[\s\S]*?-----END \1-----/g

interface Block {
  readonly label: string
  readonly text: string
}

/**
 * What Go says where a certificate and a key do not make a pair, both PEM (crypto/tls X509KeyPair); undefined where
 * they do, and where the fault lies deeper than we look.
 */
export function keyPairFailure(certificate: Buffer, key: Buffer): string | undefined {
  const certificates = blocksOf(certificate)
  const leaf = certificates.find((block) => block.label === 'CERTIFICATE')
  if (!leaf) return `tls: ${withoutCertificate(certificates)}`
  const keys = blocksOf(key)
  const secret = keys.find((block) => block.label === 'PRIVATE KEY' || block.label.endsWith(' PRIVATE KEY'))
  if (!secret) return `tls: ${withoutKey(keys)}`
  const pair = readPair(leaf.text, secret.text)
  if (!pair || pair.leaf.checkPrivateKey(pair.key)) return undefined
  const sameKind = pair.leaf.publicKey.asymmetricKeyType === pair.key.asymmetricKeyType
  return `tls: private key${sameKind ? '' : ' type'} does not match public key${sameKind ? '' : ' type'}`
}

function withoutCertificate(blocks: readonly Block[]): string {
  if (blocks.length === 0) return 'failed to find any PEM data in certificate input'
  if (blocks.length === 1 && blocks[0]?.label.endsWith('PRIVATE KEY')) {
    return 'failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched'
  }
  return `failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: ${labels(blocks)}`
}

function withoutKey(blocks: readonly Block[]): string {
  if (blocks.length === 0) return 'failed to find any PEM data in key input'
  if (blocks.length === 1 && blocks[0]?.label === 'CERTIFICATE') {
    return 'found a certificate rather than a key in the PEM for the private key'
  }
  return `failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: ${labels(blocks)}`
}

function labels(blocks: readonly Block[]): string {
  return `[${blocks.map((block) => block.label).join(' ')}]`
}

function blocksOf(pem: Buffer): readonly Block[] {
  return [...pem.toString('latin1').matchAll(BLOCK)].map(([text, label = '']) => ({ label, text }))
}

function readPair(leaf: string, key: string): { leaf: X509Certificate; key: KeyObject } | undefined {
  try {
    return { leaf: new X509Certificate(leaf), key: createPrivateKey(key) }
  } catch {
    return undefined
  }
}
