import { TrustError } from '../../errors.ts'
import type { Machine } from '../../machine/machine.ts'
import { parseRegistry } from '../../registry/reference.ts'
import { directoryNames } from '../../runtimes/directory-names.ts'
import type { DockerEndpoint } from '../../runtimes/docker-context.ts'
import { desktopOverWsl, desktopVm, type DesktopVm } from '../../runtimes/virtual-machines.ts'
import type { Options } from '../options.ts'
import { againLine } from './consent.ts'

const USUAL = '/var/run/docker.sock'

/**
 * An engine in the virtual machine of a desktop program reads neither this computer's files nor its OS store at once:
 * what its owner has to do is printed.
 * @throws TrustError `not-possible`
 */
export async function refuseDesktop(
  endpoint: DockerEndpoint,
  home: Machine,
  options: Options,
): Promise<void> {
  const vm = await vmOf(endpoint, home)
  if (vm === undefined) return
  const from = endpoint.host === undefined ? '' : ` (from ${endpoint.why})`
  const steps = options.registries.slice(0, 1).flatMap((text) => stepsFor(vm, text, home, options))
  const own = `${againLine({ options }, '--machine', 'local')}      # for an engine of this computer itself`
  throw new TrustError(
    'not-possible',
    `the engine of ${vm.name}${from} lives in a virtual machine of its own, which this program does not change`,
    { fix: [...steps, own].join('\n') },
  )
}

function stepsFor(
  vm: DesktopVm,
  registry: string,
  { platform }: Machine,
  options: Options,
): readonly string[] {
  const [directory = registry] = directoryNames(parseRegistry(registry))
  const task = { directory, ca: options.ca[0] ?? 'ca.pem', platform }
  return options.command === 'undo' ? vm.undo(task) : vm.trust(task)
}

async function vmOf({ host, context }: DockerEndpoint, home: Machine): Promise<DesktopVm | undefined> {
  if (host !== undefined) return desktopVm({ host, ...(context === undefined ? {} : { context }) })
  if (home.platform === 'darwin') {
    // Desktop programs put a link there.
    const target = (await home.stat(USUAL).catch(() => undefined))?.linkTarget
    return target === undefined ? undefined : desktopVm({ host: `unix://${target}` })
  }
  return home.platform === 'linux' && (await isDesktopInWsl(home)) ? desktopOverWsl : undefined
}

/** A distribution of WSL 2 that has Docker Desktop's engine, and none of its own. */
async function isDesktopInWsl(home: Machine): Promise<boolean> {
  const release = await home.read('/proc/sys/kernel/osrelease').catch(() => undefined)
  if (release?.toString('latin1').includes('microsoft') !== true) return false
  const shared = await home.stat('/mnt/wsl/docker-desktop').catch(() => undefined)
  return shared !== undefined && (await home.which('dockerd')) === undefined
}
