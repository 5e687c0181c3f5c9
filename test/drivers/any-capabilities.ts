/** Capabilities as no provider would declare them, but as any could: each entry by itself, from its shape. */
import fc from 'fast-check'
import type { z } from 'zod'
import {
  type Capabilities,
  capabilities,
  type DeclaredCapabilities,
  vocabulary,
} from '../../src/drivers/capabilities.ts'
import { type Entry, entriesOf, type Group, isGroup } from '../../src/drivers/entries.ts'

type Def = {
  type: string
  shape?: Record<string, z.ZodType>
  element?: z.ZodType
  values?: unknown[]
  entries?: Record<string, string>
  keyType?: z.ZodType
  valueType?: z.ZodType
  innerType?: z.ZodType
  in?: z.ZodType
}
const defOf = (schema: z.ZodType) => (schema as unknown as { def: Def }).def

/** The few names that zones, regions and character sets have here, so that two of them often share some. */
const names = fc.constantFrom('a', 'b', 'c')

const valueLike = (schema: z.ZodType): fc.Arbitrary<unknown> => {
  const def = defOf(schema)
  if (def.type === 'boolean') return fc.boolean()
  if (def.type === 'number') return fc.integer({ min: 1, max: 24 })
  if (def.type === 'string') return names
  if (def.type === 'literal') return fc.constantFrom(...def.values!)
  if (def.type === 'enum') return fc.constantFrom(...Object.keys(def.entries!))
  if (def.type === 'array') return fc.uniqueArray(valueLike(def.element!), { minLength: 1, maxLength: 3 })
  if (def.type === 'record')
    return fc.dictionary(valueLike(def.keyType!) as fc.Arbitrary<string>, valueLike(def.valueType!))
  if (def.type === 'pipe') return valueLike(def.in!).map(value => schema.parse(value))
  if (def.type === 'optional') return fc.option(valueLike(def.innerType!), { nil: undefined })
  if (def.type === 'object')
    return fc.record(Object.fromEntries(Object.entries(def.shape!).map(([name, part]) => [name, valueLike(part)])))
  return fc.constantFrom(1, 2)
}
const arbitraryOf = (each: Entry | Group): fc.Arbitrary<unknown> =>
  isGroup(each) ? groupOf(each) : valueLike(each.schema)
const groupOf = (group: Group) =>
  fc.record(Object.fromEntries(Object.entries(group.entries).map(([name, each]) => [name, arbitraryOf(each)])), {
    requiredKeys: [],
  })

/** What one scope says; about some entries nothing. */
export const anyDeclared = groupOf(entriesOf(vocabulary)).map(declared => {
  const { zones = ['a'], regions, ...rest } = declared as DeclaredCapabilities
  // Of regions only the zones that there are, as every declaration has to have it.
  const placed = Object.entries(regions ?? {}).map(
    ([region, each]) => [region, each.filter(zone => zones.includes(zone))] as const,
  )
  return { ...rest, zones, regions: Object.fromEntries(placed.filter(([, each]) => each.length)) }
}) as fc.Arbitrary<DeclaredCapabilities>
export const anyCapabilities: fc.Arbitrary<Capabilities> = anyDeclared.map(capabilities)
