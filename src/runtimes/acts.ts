/** The engines that have a service of their own here. */
export const restartable = ['docker'] as const
export type Restartable = (typeof restartable)[number]

/** The engines that read their settings again when they are told to. */
export const reloadable = ['docker'] as const
export type Reloadable = (typeof reloadable)[number]
