import type { Certificate } from '../../src/x509/index.ts'
import { context, sequence } from './der-writer.ts'
import { dns, ecKey, extension, issue, type Field } from './pki.ts'

const policyA = '1.3.6.1.4.1.11129.2.1'
const policyB = '1.3.6.1.4.1.11129.2.2'

/** policyConstraints with requireExplicitPolicy 0 (RFC 5280 4.2.1.11). */
const explicitPolicy: Field = {
  oid: '2.5.29.36',
  critical: true,
  value: sequence(context(0, Buffer.from([0]))),
}

export interface PolicyChain {
  readonly root: Certificate
  readonly intermediate: Certificate
  readonly leaf: Certificate
}

/** An intermediate that insists on policy A over a leaf that offers the given ones: B unless told otherwise. */
export function policyChain(...offered: readonly string[]): PolicyChain {
  const root = issue({ subject: 'Policy Root', key: ecKey(), extensions: [extension.ca()] })
  const middle = issue(
    {
      subject: 'Policy CA',
      key: ecKey(),
      extensions: [extension.ca(), extension.policies(policyA), explicitPolicy],
    },
    root,
  )
  const policies = extension.policies(...(offered.length === 0 ? [policyB] : offered))
  const leaf = issue(
    { subject: 'registry', key: ecKey(), extensions: [extension.names(dns('registry.example')), policies] },
    middle,
  )
  return { root: root.certificate, intermediate: middle.certificate, leaf: leaf.certificate }
}

export { policyA, policyB }
