/** The vocabulary of capabilities read as a table: each entry with its shape and with which of two values is the weaker. */
import type { z } from 'zod'
import { declaredOrder, type Weaker } from './strength.ts'

export interface Entry {
  /** The shape of one value, without its default. */
  readonly schema: z.ZodType
  readonly weaker: Weaker<unknown>
}
/** Entries under a common name. */
export interface Group {
  readonly entries: Readonly<Record<string, Entry | Group>>
}
export const isGroup = (each: Entry | Group): each is Group => 'entries' in each

/** Sets have no order of their own, and neither have names; a name without a value is not there. */
const canonical = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(canonical).sort()
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .map(([name, part]) => [name, canonical(part)])
    .sort()
}
export const same = (a: unknown, b: unknown): boolean => JSON.stringify(canonical(a)) === JSON.stringify(canonical(b))

/** What follows from the shape alone. */
const byShape = (schema: z.ZodType, path: string): Weaker<unknown> => {
  const { def } = schema as z.ZodType & { def: { type: string; valueType?: z.ZodType } }
  if (def.type === 'boolean') return (a, b) => a && b
  if (def.type === 'number') return (a, b) => Math.min(a as number, b as number)
  if (def.type === 'array') return (a, b) => (a as unknown[]).filter(each => (b as unknown[]).includes(each))
  // Two that are not the same have nothing in common.
  if (def.type === 'string') return (a, b) => (a === b ? a : '')
  if (def.type === 'literal') return a => a
  if (def.type === 'record') {
    const part = weakerOf(def.valueType!, path)
    return (a, b) => {
      const [one, other] = [a as Record<string, unknown>, b as Record<string, unknown>]
      const both = Object.keys(one).filter(name => Object.hasOwn(other, name))
      return Object.fromEntries(both.map(name => [name, part(one[name], other[name])]))
    }
  }
  throw new Error(`capability "${path}" is a ${def.type}; declare which of two values is the weaker (strength.ts)`)
}
const weakerOf = (schema: z.ZodType, path: string): Weaker<unknown> => declaredOrder(schema) ?? byShape(schema, path)

const withoutDefault = (schema: z.ZodType): z.ZodType => {
  const { def } = schema as z.ZodType & { def: { type: string; innerType?: z.ZodType } }
  return ['default', 'prefault', 'optional'].includes(def.type) ? withoutDefault(def.innerType!) : schema
}

/** Throws an Error for an entry of which nobody can say which of two values is the weaker. */
export const entriesOf = (vocabulary: z.ZodType, path = ''): Group => {
  const { shape } = vocabulary as z.ZodType & { shape: Record<string, z.ZodType> }
  const read = (name: string, outer: z.ZodType): Entry | Group => {
    const schema = withoutDefault(outer)
    const isObject = 'shape' in schema && declaredOrder(schema) === undefined
    return isObject ? entriesOf(schema, `${path}${name}.`) : { schema, weaker: weakerOf(schema, path + name) }
  }
  return { entries: Object.fromEntries(Object.entries(shape).map(([name, schema]) => [name, read(name, schema)])) }
}
