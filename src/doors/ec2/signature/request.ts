/** A request as far as its signature covers it. */
export interface SignedRequest {
  readonly method: string
  readonly path: string
  /** Pairs of the query, decoded. */
  readonly query: readonly (readonly [string, string])[]
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** The bytes as they came. */
  readonly body: Buffer
}

/** A header's value; undefined unless it came, whatever its name means to JavaScript. */
export function headerOf(headers: SignedRequest['headers'], name: string): string | undefined {
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined
  return Array.isArray(value) ? value.join(',') : value
}
