/** Values as they may be kept for people to read: without what is secret, and no longer than somebody reads. */
import type { ZodType } from 'zod'
import { isSecret, type Json } from '../../machines/grammar.ts'

/** Characters of one text, and what stands for the rest of it. */
const TEXT_MAX = 1_024
const MORE = '…'
const SECRET = '(secret)'
/** Characters that any value costs: brackets, commas, digits. */
const NODE_COST = 8

/** Nobody reads deeper than this. */
const DEPTH_MAX = 32

/** Characters that may still be kept, and whether something was left out already. */
export interface Budget {
  left: number
  isCut: boolean
}

/**
 * The value without what its schema marks as secret, with long texts cut, and nothing beyond the budget, which it uses up.
 * It may be anything at all, as wide and as deep as it likes.
 */
export function legible(value: unknown, schema: ZodType | undefined, budget: Budget): Json {
  return shown(value, schema ? [schema] : [], budget, DEPTH_MAX)
}

function shown(value: unknown, schemas: readonly ZodType[], budget: Budget, depth: number): Json {
  const choices = [...meant(schemas)]
  if (value !== undefined && value !== null && choices.some(isSecret)) return left(SECRET, budget)
  budget.left -= NODE_COST
  if (typeof value === 'string') return text(value, budget)
  if (typeof value === 'boolean' || value === null) return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value !== 'object' || depth === 0) return left(MORE, budget)
  const member = (name: string, each: unknown) => {
    const parts = choices.flatMap(choice => partsOf(choice, name))
    return shown(each, parts, budget, depth - 1)
  }
  if (Array.isArray(value)) return list(value, member, budget)
  const members: [string, Json][] = []
  for (const [name, each] of Object.entries(value)) {
    if (each === undefined) continue
    if (isSpent(budget)) break
    members.push([text(name, budget), member(name, each)])
  }
  return Object.fromEntries(members)
}

function list(values: readonly unknown[], member: (name: string, each: unknown) => Json, budget: Budget): Json[] {
  const members: Json[] = []
  for (let index = 0; index < values.length && !isSpent(budget); index += 1)
    members.push(member(String(index), values[index] ?? null))
  return members
}

function isSpent(budget: Budget): boolean {
  if (budget.left > 0) return false
  budget.isCut = true
  return true
}

function left(instead: string, budget: Budget): string {
  budget.isCut = true
  return instead
}

function text(value: string, budget: Budget): string {
  const size = Math.max(0, Math.min(TEXT_MAX, budget.left))
  budget.left -= Math.min(value.length, size)
  return value.length <= size ? value : left(`${value.slice(0, size)}${MORE}`, budget)
}

/** What zod says of a schema, as far as it is read here. */
interface Definition {
  readonly innerType?: ZodType
  readonly in?: ZodType
  readonly out?: ZodType
  readonly options?: readonly ZodType[]
  readonly left?: ZodType
  readonly right?: ZodType
  readonly shape?: Readonly<Record<string, ZodType>>
  readonly element?: ZodType
  readonly valueType?: ZodType
  readonly items?: readonly ZodType[]
  readonly rest?: ZodType
}
const definitionOf = (schema: ZodType) => schema.def as unknown as Definition
const given = (...schemas: readonly (ZodType | null | undefined)[]) => schemas.filter(each => each != null)

/** The schemas and those they are made around: of a choice, all of them. One may be made around itself, as JSON is. */
function meant(schemas: readonly ZodType[], known = new Set<ZodType>()): Set<ZodType> {
  for (const schema of schemas) {
    if (known.has(schema)) continue
    known.add(schema)
    const { innerType, in: before, out, options = [], left, right } = definitionOf(schema)
    const { innerType: later } = schema._zod as { innerType?: ZodType }
    meant(given(innerType, later, before, out, ...options, left, right), known)
  }
  return known
}

/** What it says of a member. */
function partsOf(schema: ZodType, name: string): ZodType[] {
  const { shape, element, valueType, items, rest } = definitionOf(schema)
  const own = shape && Object.hasOwn(shape, name) ? shape[name] : undefined
  return given(own, element, valueType, items?.[Number(name)] ?? rest)
}
