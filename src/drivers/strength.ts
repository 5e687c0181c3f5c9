/**
 * Which of two values of one capability is the weaker. A narrower scope may only weaken (spec: stateful-and-deltacloud
 * 3a.1 point 3), so each entry of the vocabulary has an order, declared where its shape is. Most follow from the shape:
 * of two flags both must hold, of two sets what is in both, of two numbers the smaller. What differs says so here.
 */
import { z } from 'zod'

/** The strongest value that neither of the two exceeds. */
export type Weaker<T> = (a: T, b: T) => T

const declared = new WeakMap<z.core.$ZodType, unknown>()
const ordered = <S extends z.ZodType>(schema: S, weaker: Weaker<z.output<S>>): S => {
  declared.set(schema, weaker)
  return schema
}
/** What was declared with one of the functions below. */
export const declaredOrder = (schema: z.core.$ZodType): Weaker<unknown> | undefined =>
  declared.get(schema) as Weaker<unknown> | undefined

/** A choice, its values from the weakest to the strongest. */
export const weakestFirst = <const V extends readonly [string, ...string[]]>(...values: V) =>
  ordered(z.enum(values), (a, b) => (values.indexOf(a) <= values.indexOf(b) ? a : b))

/**
 * A choice whose values include others without being in one line: each says what it includes. For any two there has to
 * be one that includes exactly what both do.
 */
export const including = <const V extends Readonly<Record<string, readonly string[]>>>(values: V) => {
  const names = Object.keys(values) as [keyof V & string]
  const named = new Map(names.map(name => [[...values[name]!].sort().join(), name]))
  return ordered(z.enum(names), (a, b) => {
    const both = values[a]!.filter(each => values[b]!.includes(each))
    return named.get(both.sort().join())!
  })
}

/** A flag that takes something away: true is the weaker. */
export const burden = () => ordered(z.boolean(), (a, b) => a || b)

/** A set of what is taken away: what is in either is the weaker. */
export const burdens = <const V extends readonly [string, ...string[]]>(...values: V) =>
  ordered(z.array(z.enum(values)), (a, b) => [...new Set([...a, ...b])])

/** A number of which the larger is the weaker, such as the least size or the longest time. */
export const largerIsWeaker = <S extends z.ZodType<number>>(schema: S): S =>
  ordered(schema, (a, b) => Math.max(a, b) as z.output<S>)

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b))
/** A step, of which only what is a multiple of both is the weaker. Steps too far apart meet at what no number is. */
export const multiplesOf = <S extends z.ZodType<number>>(schema: S): S =>
  ordered(schema, (a, b) => Math.min((a / divisor(a, b)) * b, Number.MAX_SAFE_INTEGER) as z.output<S>)

type Places = Record<string, string[]>
/** Places by region; none at all stands for everywhere, so regions that share nothing meet in regions without places. */
export const placesByRegion = <S extends z.ZodType<Places>>(schema: S): S =>
  ordered(schema, (a, b) => {
    if (Object.keys(a).length === 0) return b
    if (Object.keys(b).length === 0) return a
    const regions = [...new Set([...Object.keys(a), ...Object.keys(b)])]
    const both = regions.map(each => [each, (a[each] ?? []).filter(zone => b[each]?.includes(zone))] as const)
    const served = both.filter(([, zones]) => zones.length > 0)
    return Object.fromEntries(served.length ? served : both) as z.output<S>
  })

type Named = { readonly [operation: string]: { readonly [name: string]: unknown } | undefined }
/** Names by operation, each with what limits it: the weaker has those that both have with the same limits. */
export const namesByOperation = <S extends z.ZodType<Named>>(schema: S): S =>
  ordered(schema, (a, b) => {
    const same = (operation: string, name: string) =>
      JSON.stringify(a[operation]![name]) === JSON.stringify(b[operation]?.[name])
    const both = Object.keys(a).map(operation => {
      const names = Object.entries(a[operation] ?? {}).filter(([name]) => same(operation, name))
      return [operation, Object.fromEntries(names)] as const
    })
    return Object.fromEntries(both.filter(([, names]) => Object.keys(names).length)) as z.output<S>
  })
