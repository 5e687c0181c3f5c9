/**
 * The machine of a kind as JSON in the shape that `createMachine` of XState takes, and editors of such machines open:
 * guards and actions stand there by their names, so what they do has to be looked up in the rules.
 */
import type { Json, Kind } from '../../../machines/grammar.ts'

type Names = Readonly<Record<string, Json>>

/** The definition. Functions are replaced by their names; those of `meta`, which have none, are left out. */
export const definition = ({ machine }: Pick<Kind, 'machine'>): Names => asData(machine.config) as Names

function asData(value: unknown, field?: string): Json | undefined {
  if (typeof value === 'function') return value.name === '' || value.name === field ? undefined : value.name
  if (typeof value !== 'object' || value === null) return value as Json | undefined
  if (Array.isArray(value)) return value.map(each => asData(each) ?? null)
  const record: Record<string, Json> = {}
  for (const [name, each] of Object.entries(value)) {
    const data = asData(each, name)
    // Parameters are a record in JSON: the names of what is required, or of the function that makes them.
    if (data !== undefined) record[name] = name === 'params' ? parametersOf(data) : data
  }
  return record
}

function parametersOf(data: Json): Json {
  if (Array.isArray(data)) return { names: data }
  return typeof data === 'string' ? { from: data } : data
}
