import { errorCode } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'
import { field } from './docker-api.ts'
import { readToml } from './config/toml.ts'

const CONFIG = '/etc/containerd/config.toml'
/** Where the directory is by convention; 2.2 and later look there by themselves. */
export const DEFAULT_HOSTS = '/etc/containerd/certs.d'
const LIMIT = 1024 * 1024
/** The plugin that pulls for Kubernetes, by the version of the file: 2, 3. */
const PLUGINS = ['io.containerd.grpc.v1.cri', 'io.containerd.cri.v1.images']

export interface ContainerdConfig {
  readonly path: string
  /** The first directory of `config_path`; undefined where it is not set. */
  readonly directory?: string
  /** Why the file cannot be understood. */
  readonly fault?: string
}

export async function readConfig(machine: Machine): Promise<ContainerdConfig> {
  const path = CONFIG
  let text: string | undefined
  try {
    text = (await machine.read(path, LIMIT))?.toString('utf8')
  } catch (error) {
    return { path, fault: `it cannot be read (${errorCode(error) ?? 'no reason given'})` }
  }
  // Most machines with Docker have a file that says nothing of registries.
  if (text?.includes('config_path') !== true) return { path }
  const document = await readToml(text)
  if ('damage' in document) {
    const { line, column, message } = document.damage
    return { path, fault: `line ${line}, column ${column}: ${message}` }
  }
  const found = PLUGINS.map((plugin) => field(document.value, 'plugins', plugin, 'registry', 'config_path'))
  const value = found.find((entry) => typeof entry === 'string' && entry !== '')
  const directory = typeof value === 'string' ? value.split(':')[0] : undefined
  return { path, ...(directory === undefined || directory === '' ? {} : { directory }) }
}
