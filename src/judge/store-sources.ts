import { posix } from 'node:path'
import { shellWord } from '../machine/shell.ts'
import type { SourceFile, StoreSources } from '../stores/inspect.ts'
import { CertPool, nameOf, verify, type Certificate } from '../x509/index.ts'
import type { Evidence } from './evidence.ts'
import type { ChainLink, Finding } from './judgement.ts'

/**
 * What somebody has done for this very chain, and what keeps the OS store from it: a name that the tool does not
 * take, another system's folder, a tool that never ran, a certificate that only the bundle holds.
 */
export function sourceFindings(
  evidence: Evidence,
  sent: readonly Certificate[],
  path: readonly ChainLink[],
): readonly Finding[] {
  const { sources, store } = evidence
  const [leaf, ...others] = sent
  if (!sources || !leaf) return []
  const { host } = evidence.observation.target
  const intermediates = CertPool.of(...others)
  const accepts = (roots: CertPool): boolean =>
    verify(leaf, { host, at: evidence.at, intermediates, roots }).ok
  const concerned = [...sources.files, ...sources.elsewhere].filter((file) => accepts(file.pool))
  const held = accepts(store)
  return [
    ...concerned.flatMap((file) => fileFinding(sources, file, held) ?? []),
    ...path.flatMap(({ certificate }) => appendedFinding(sources, certificate) ?? []),
  ]
}

function fileFinding({ store, files }: StoreSources, file: SourceFile, held: boolean): Finding | undefined {
  const base = { severity: 'warning', owner: 'machine' } as const
  const path = shellWord(file.path)
  const made = posix.join(store.anchors, `${posix.basename(file.path).replace(/\.\w+$/, '')}.crt`)
  const run = [store.tool, ...store.args(false)].join(' ')
  const what = `${file.path} holds the CA that this chain needs`
  if (!files.includes(file)) {
    if (held) return undefined
    const message = `${what}, but nothing reads it there: on this system such files go to ${store.anchors}`
    const fix = `mv ${path} ${shellWord(made)} && ${run}`
    return { ...base, code: 'trust-directory-misnamed', message, fix }
  }
  const name = posix.basename(file.path)
  if (!store.takes(name)) {
    if (held) return undefined
    const message = `${what}, but ${store.tool} takes only names that end in .crt, and says nothing about others`
    return { ...base, code: 'trust-file-ignored', message, fix: `mv ${path} ${shellWord(made)} && ${run}` }
  }
  if (store.hashed && file.der) {
    const message = `${what}, as DER: ${store.tool} pastes it into the bundle, where nobody can read it`
    const fix = `openssl x509 -inform der -in ${path} -out ${path} && ${run}`
    return { ...base, code: 'trust-file-ignored', message, fix }
  }
  if (store.hashed && file.certificates.length > 1) {
    const message = `${what}, among ${file.certificates.length} certificates: Go reads them all, OpenSSL's hashed folder none of them`
    const parts = shellWord(`${file.path.replace(/\.crt$/, '')}-`)
    const fix = `csplit -z -f ${parts} -b %d.crt ${path} '/-----BEGIN/' '{*}' && rm ${path} && ${store.tool} --fresh`
    return { ...base, code: 'trust-file-ignored', message, fix }
  }
  if (held) return undefined
  const dropped = file.certificates.map((entry) => store.drops(entry)).find((why) => why !== undefined)
  if (dropped !== undefined) {
    const message = `${what}, and ${store.tool} leaves it out without a word: ${dropped}`
    return { ...base, code: 'store-would-drop', message }
  }
  // `update-ca-trust force-enable` is a word of release 6 alone; later ones refuse it and do nothing.
  const word = store.name === 'rhel' ? ' (`force-enable` does nothing here)' : ''
  const message = `${what}, but ${store.bundle} does not: ${store.tool} was not run since, or it failed${word}`
  return { ...base, code: 'bundle-damaged', message, fix: run }
}

function appendedFinding({ store, appended }: StoreSources, certificate: Certificate): Finding | undefined {
  if (!appended.has(certificate.sha256)) return undefined
  const run = [store.tool, ...store.args(false)].join(' ')
  return {
    code: 'bundle-hand-edited',
    severity: 'warning',
    owner: 'machine',
    certificate: certificate.sha256,
    message: `${nameOf(certificate)} was put into ${store.bundle} itself: the next run of ${store.tool} drops it, an update of the system for instance`,
    fix: `cp CA.pem ${posix.join(store.anchors, 'CA.crt')} && ${run}      # CA.pem: the file that was appended`,
  }
}
