import type { Progress } from '../services.ts'
import type { Site } from './site.ts'

/** For work that goes on beside what a person is told or asked. */
export const silence: Progress = { stage: () => undefined, done: () => undefined }

/** Says what is done now, and with several registries how many are done. */
export function stageOf({ options, services }: Site, done: number, text: string): void {
  const { length } = options.registries
  services.progress.stage(length > 1 ? `${done} of ${length} done · ${text}` : text)
}
