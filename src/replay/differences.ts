/** Where two JSON values differ, place by place. */
import type { Json } from '../../machines/grammar.ts'
import { canonical } from '../store/canonical.ts'

export interface Difference {
  /** Dotted path, of lists by index; empty for the whole. */
  readonly path: string
  /** Undefined where nothing was, or nothing is. */
  readonly from?: Json
  readonly to?: Json
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Nothing where both have the same canonical text. Lists of the same length are compared member by member. */
export function differences(from: unknown, to: unknown, path = ''): Difference[] {
  if (from === to) return []
  if (from !== undefined && to !== undefined && canonical(from) === canonical(to)) return []
  const inner = (key: string) => (path === '' ? key : `${path}.${key}`)
  if (isRecord(from) && isRecord(to)) {
    const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort()
    return keys.flatMap(key => differences(from[key], to[key], inner(key)))
  }
  if (Array.isArray(from) && Array.isArray(to) && from.length === to.length)
    return from.flatMap((each, index) => differences(each, to[index], inner(String(index))))
  return [{ path, from: from as Json, to: to as Json }]
}
