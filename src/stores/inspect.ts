import { posix } from 'node:path'
import type { Machine } from '../machine/machine.ts'
import { CertPool, tryParseCertificate, type Certificate } from '../x509/index.ts'
import { readCertificateBlocks } from '../x509/pem-issues.ts'
import { fingerprintOf } from './census.ts'
import { storeOf } from './detect.ts'
import { stores, type Store } from './index.ts'
import { lookAtStore } from './look.ts'

const LIMITS = { files: 256, bytes: 1024 * 1024 }

/** A file that somebody has put where sources of an OS store go. */
export interface SourceFile {
  readonly path: string
  readonly certificates: readonly Certificate[]
  readonly pool: CertPool
  /** One bare certificate, as DER. */
  readonly der: boolean
}

/** What administrators have put beside the packaged certificates, and how far the bundle follows. */
export interface StoreSources {
  readonly store: Store
  /** In the folder of this system. */
  readonly files: readonly SourceFile[]
  /** In the folders of other systems, where nothing reads them. */
  readonly elsewhere: readonly SourceFile[]
  /** SHA-256 of what was put into the bundle itself. */
  readonly appended: ReadonlySet<string>
}

/**
 * A cheap look at the sources of the OS store; undefined where its family is not known. The bundle is held against
 * its sources only where it was written to after its folder was: the tool renames a new one into its place.
 */
export async function inspectStore(machine: Machine): Promise<StoreSources | undefined> {
  const { id, family } = await machine.os()
  const store = storeOf(id, family)
  if (!store) return undefined
  const others = Object.values(stores).filter(({ anchors }) => anchors !== store.anchors)
  const folders = [...new Set(others.map(({ anchors }) => anchors))]
  const [files, elsewhere, written] = await Promise.all([
    sourcesIn(machine, store.anchors),
    Promise.all(folders.map((folder) => sourcesIn(machine, folder))),
    isWrittenTo(machine, store.bundle),
  ])
  const appended = written ? (await lookAtStore(machine, store)).appended : []
  return { store, files, elsewhere: elsewhere.flat(), appended: new Set(appended.map(fingerprintOf)) }
}

async function sourcesIn(machine: Machine, folder: string): Promise<readonly SourceFile[]> {
  const files = (await machine.readFolder(folder, LIMITS).catch(() => undefined)) ?? []
  return files.flatMap(({ name, bytes }) => {
    if (bytes === undefined) return []
    const bare = tryParseCertificate(bytes)
    const der = !(bare instanceof Error)
    const blocks = der ? [{ bytes }] : readCertificateBlocks(bytes).blocks
    const certificates = blocks.flatMap((block) => {
      const found = tryParseCertificate(block.bytes)
      return found instanceof Error ? [] : [found]
    })
    return [{ path: posix.join(folder, name), certificates, pool: CertPool.of(...certificates), der }]
  })
}

async function isWrittenTo(machine: Machine, bundle: string): Promise<boolean> {
  const [file, folder] = await Promise.all(
    [bundle, posix.dirname(bundle)].map((path) => machine.stat(path).catch(() => undefined)),
  )
  return file?.kind === 'file' && folder !== undefined && file.changedMs > folder.changedMs
}
