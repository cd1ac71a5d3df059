import { BlockList, isIP } from 'node:net'
import type { Observation } from '../registry/observation.ts'
import type { EngineEvidence, Evidence } from './evidence.ts'

/** Docker's rule: an exact `host:port` entry first, then any address of the name in a listed network (moby config.go). */
export function uncheckedBecause(
  observation: Observation,
  engine: EngineEvidence,
  loopbackCounts: boolean,
): 'loopback' | 'listed' | undefined {
  const { target, addresses } = observation
  const { insecureRegistries, insecureNetworks } = engine.survey
  if (engine.trust.insecure) return 'listed'
  if (insecureRegistries.includes(target.registry)) return 'listed'
  const exempt = exempts(engine.survey, target) && liesIn(addresses, ['127.0.0.0/8', '::1/128'])
  if (exempt) return loopbackCounts ? undefined : 'loopback'
  return liesIn(addresses, insecureNetworks) ? 'listed' : undefined
}

/** Whether any of the addresses is in any of the networks. */
export function liesIn(addresses: readonly string[], networks: readonly string[]): boolean {
  const list = new BlockList()
  for (const network of networks) addNetwork(list, network)
  return addresses.some((address) => list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4'))
}

/** Whether it looks at the chain at all: a fault of the chain is nothing to one that does not. */
export function checks(evidence: Evidence, engine: EngineEvidence): boolean {
  return uncheckedBecause(evidence.observation, engine, evidence.loopbackCounts ?? false) === undefined
}

const BY_NAME = new Set(['containerd', 'buildx'])

/** Docker goes by the address, containerd and buildx by the name that was typed; podman's family makes no exception. */
function exempts({ loader, name }: EngineEvidence['survey'], { host, kind }: Observation['target']): boolean {
  return loader !== 'containers' && (!BY_NAME.has(name) || host === 'localhost' || kind !== 'name')
}

function addNetwork(list: BlockList, network: string): void {
  const [address = '', bits = ''] = network.split('/')
  const family = isIP(address)
  if (family !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32))
    list.addSubnet(address, Number(bits), family === 6 ? 'ipv6' : 'ipv4')
}
