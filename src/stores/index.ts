import { alpine } from './alpine.ts'
import { arch } from './arch.ts'
import { debian } from './debian.ts'
import { rhel } from './rhel.ts'
import type { Store, StoreName } from './store.ts'
import { suse } from './suse.ts'

export const stores: Readonly<Record<StoreName, Store>> = { debian, alpine, rhel, suse, arch }

export { storeNames, type Store, type StoreName } from './store.ts'
