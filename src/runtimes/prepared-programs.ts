import type { Damage, Edited } from './config/edit.ts'
import { readToml, withToml } from './config/toml.ts'
import { readYaml, withYaml } from './config/yaml.ts'
import { field } from './docker-api.ts'

/** What settings name for a registry, by path. */
export interface Named {
  readonly ca: readonly string[]
  readonly clients: readonly (readonly [certificate: string, key: string])[]
}

/** An engine that names its CAs in a file of settings, and reads it when it starts. */
export interface PreparedProgram {
  readonly name: string
  readonly program: string
  /** The file of settings, which may hold secrets of others. */
  readonly file: string
  readonly mode: number
  /** Where our certificates go: no engine looks there by itself. */
  readonly certificates: string
  /** What the settings name for a registry, and whether it is not checked. */
  read(settings: unknown, registry: string): Named & { readonly insecure: boolean }
  parse(text: string): Promise<{ readonly value: unknown } | { readonly damage: Damage }>
  /** It takes one file of CAs for a registry. */
  readonly single?: true
  /** Names `more` beside what is `named` already. */
  readonly edit: (text: string, registry: string, named: Named, more: Named) => Promise<Edited>
}

/** BuildKit's daemon by itself (docs/buildkitd.toml.md): `ca` and `keypair` are lists, and are added to. */
const buildkit: PreparedProgram = {
  ...{ name: 'buildkit', program: 'buildkitd', file: '/etc/buildkit/buildkitd.toml', mode: 0o644 },
  certificates: '/etc/buildkit/certs.d',
  parse: readToml,
  read: (settings, registry) => {
    const table = field(settings, 'registry', registry)
    const text = (pair: unknown, key: string): string => textsOf(field(pair, key))[0] ?? ''
    return {
      ca: textsOf(field(table, 'ca')),
      clients: [field(table, 'keypair') ?? []].flat().map((pair) => [text(pair, 'cert'), text(pair, 'key')]),
      insecure: ['insecure', 'http'].some((key) => field(table, key) === true),
    }
  },
  edit: (text, registry, named, more) => {
    const table = ['registry', registry]
    const ca = [...named.ca, ...more.ca]
    return inTurn(text, [
      ...(more.ca.length > 0 ? [(left: string) => withToml(left, [...table, 'ca'], ca)] : []),
      ...more.clients.flatMap(([certificate, key], index) => {
        const pair = [...table, 'keypair', named.clients.length + index]
        return [
          (left: string) => withToml(left, [...pair, 'key'], key),
          (left: string) => withToml(left, [...pair, 'cert'], certificate),
        ]
      }),
    ])
  },
}

/** registries.yaml of k3s and rke2 (k3s-io/docs private-registry.md): one file of each kind, keys without a scheme. */
function rancher(name: 'k3s' | 'rke2'): PreparedProgram {
  return {
    ...{ name, program: name, file: `/etc/rancher/${name}/registries.yaml`, mode: 0o600 },
    certificates: `/etc/rancher/${name}/certs.d`,
    single: true,
    parse: readYaml,
    read: (settings, registry) => {
      const tls = field(settings, 'configs', registry, 'tls')
      const [certificate, key] = ['cert_file', 'key_file'].map((entry) => textsOf(field(tls, entry))[0])
      return {
        ca: textsOf(field(tls, 'ca_file')),
        clients: certificate === undefined && key === undefined ? [] : [[certificate ?? '', key ?? '']],
        insecure: field(tls, 'insecure_skip_verify') === true,
      }
    },
    edit: async (text, registry, named, more) => {
      const several = (['ca', 'clients'] as const).find((kind) => named[kind].length + more[kind].length > 1)
      if (several !== undefined && more[several].length > 0) {
        const key = several === 'ca' ? 'ca_file' : 'cert_file'
        return { unsafe: `${key} names one file, and there would be several` }
      }
      const put = (key: string, file: string) => (left: string) =>
        withYaml(left, ['configs', registry, 'tls', key], file)
      return inTurn(text, [
        ...more.ca.map((file) => put('ca_file', file)),
        ...more.clients.flatMap(([certificate, key]) => [
          put('cert_file', certificate),
          put('key_file', key),
        ]),
      ])
    },
  }
}

export const PROGRAMS: readonly PreparedProgram[] = [buildkit, rancher('k3s'), rancher('rke2')]

/** Edits of one text, each in what the one before has left; the first that cannot be made ends it. */
async function inTurn(text: string, edits: readonly ((text: string) => Promise<Edited>)[]): Promise<Edited> {
  let edited: Edited = { text }
  for (const edit of edits) {
    if ('unsafe' in edited) return edited
    edited = await edit(edited.text)
  }
  return edited
}

function textsOf(value: unknown): readonly string[] {
  return [value].flat().filter((entry) => typeof entry === 'string')
}
