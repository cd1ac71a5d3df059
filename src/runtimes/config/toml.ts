export interface TomlDocument {
  readonly value: Readonly<Record<string, unknown>>
}

/** Where a file of settings stops being one. */
export interface Damage {
  /** From 1. */
  readonly line: number
  readonly column: number
  readonly message: string
}

/** TOML 1.0 (toml.io), with the place of the first fault. */
export async function readToml(text: string): Promise<TomlDocument | { readonly damage: Damage }> {
  // Loaded when there is something to read: most machines have no such file.
  const { getStaticTOMLValue, parseTOML, ParseError } = await import('toml-eslint-parser')
  try {
    return { value: getStaticTOMLValue(parseTOML(text)) }
  } catch (error) {
    if (!(error instanceof ParseError)) throw error
    return { damage: { line: error.lineNumber, column: error.column + 1, message: error.message } }
  }
}
