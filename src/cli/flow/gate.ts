/** Something that others wait for; whoever opens it first says what they learn. */
export interface Gate<T> {
  readonly passed: Promise<T>
  readonly open: (value: T) => void
}

export function gate<T>(): Gate<T> {
  let open: (value: T) => void = () => undefined
  const passed = new Promise<T>((done) => (open = done))
  return { passed, open }
}
