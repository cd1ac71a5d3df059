/** The way to a machine that is not this computer is gone; what was under way there is healed by the next run. */
export class MachineLost extends Error {
  /** ECONNRESET, or ETIMEDOUT where it fell silent. */
  readonly code: string
  constructor(message: string, code: string) {
    super(message)
    this.name = 'MachineLost'
    this.code = code
  }
}
