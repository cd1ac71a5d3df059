/** A test holds this together with package.json, which the bundle does not carry. */
export const version = '0.1.0'
