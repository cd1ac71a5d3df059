/** Everything but `status`, behind one door: each door more costs every command a file to find and read. */
export { judgeFiles } from './chain.ts'
export { readClient } from '../client-files.ts'
export { createContext, readGiven } from './context.ts'
export { diagnose } from './diagnose.ts'
export { trust } from './trust.ts'
export { undo } from './undo.ts'
