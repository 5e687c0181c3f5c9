/** `Filter.N`: and over filters, or over their values, with wildcards. (spec: ec2 11.4) */
import { Ec2Error } from './errors.ts'
import { list, structure, text } from './parameters.ts'

const FILTERS_MAX = 50
/** Of one filter. */
const VALUES_MAX = 200

/** The parameter every describing action has, with the names that it knows. */
export const filterParameter = ({ fields, tags }: Pick<FilterFields<never>, 'fields' | 'tags'>) => {
  const names = [...Object.keys(fields), ...(tags ? ['tag:KEY', 'tag-key', 'tag-value'] : [])]
  return list(structure({ Name: text({ words: names.join(' \\| ') }), Value: list(text()) }))
}
export type Filter = Readonly<{ Name?: string; Value?: readonly string[] }>

type Found = string | number | boolean | Date | null | undefined
/** The values an item has under a filter's name: one, several, or none. */
export type FilterField<Item> = (item: Item) => Found | readonly Found[]
/** By the names of filters. `tags` makes `tag:KEY`, `tag-key` and `tag-value`. */
export interface FilterFields<Item> {
  readonly fields: Readonly<Record<string, FilterField<Item>>>
  readonly tags?: (item: Item) => Readonly<Record<string, string>> | undefined
}

/** `*` is any number of characters, `?` one, and a backslash takes their meaning away. Case counts. */
export function wildcard(pattern: string): (value: string) => boolean {
  const wanted: (string | typeof ANY | typeof ONE)[] = []
  const characters = [...pattern]
  for (let index = 0; index < characters.length; index += 1) {
    const character = characters[index]!
    const next = characters[index + 1]
    if (character === '\\' && (next === '*' || next === '?' || next === '\\')) {
      wanted.push(next)
      index += 1
    } else if (character === '*') {
      if (wanted.at(-1) !== ANY) wanted.push(ANY)
    } else wanted.push(character === '?' ? ONE : character)
  }
  if (wanted.every(each => typeof each === 'string')) {
    const literal = wanted.join('')
    return value => value === literal
  }
  return value => matches(wanted, [...value])
}
const ANY = Symbol('any number of characters')
const ONE = Symbol('one character')

/** Goes back to the last star only: a pattern of many stars takes no longer than length times length. */
function matches(wanted: readonly (string | symbol)[], value: readonly string[]): boolean {
  let at = 0
  let star = -1
  let resume = 0
  let index = 0
  while (index < value.length) {
    const want = wanted[at]
    if (want === ANY) {
      star = at
      resume = index
      at += 1
    } else if (want === ONE || want === value[index]) {
      at += 1
      index += 1
    } else if (star >= 0) {
      resume += 1
      index = resume
      at = star + 1
    } else return false
  }
  while (wanted[at] === ANY) at += 1
  return at === wanted.length
}

/** What the filters of a request let through. Throws Ec2Error for filters without a name, unknown ones, and too many. */
export function filtering<Item>(
  filters: readonly Filter[] | undefined,
  known: FilterFields<Item>,
): (item: Item) => boolean {
  if ((filters ?? []).length > FILTERS_MAX)
    throw new Ec2Error('FilterLimitExceeded', `The maximum number of filters is ${FILTERS_MAX}`)
  const tests = (filters ?? []).map(({ Name: name, Value: values = [] }) => {
    if (!name) throw new Ec2Error('InvalidParameterValue', 'A filter has a name.')
    if (values.length > VALUES_MAX)
      throw new Ec2Error('FilterLimitExceeded', `The maximum number of filter values is ${VALUES_MAX}`)
    const field = fieldOf(known, name)
    const patterns = values.map(wildcard)
    return (item: Item) =>
      [field(item)]
        .flat()
        .some(found => found !== null && found !== undefined && patterns.some(isLike => isLike(wordOf(found as Found))))
  })
  return item => tests.every(test => test(item))
}

const wordOf = (found: Found): string => (found instanceof Date ? found.toISOString() : String(found))

function fieldOf<Item>({ fields, tags }: FilterFields<Item>, name: string): FilterField<Item> {
  if (Object.hasOwn(fields, name)) return fields[name]!
  if (tags && name.startsWith('tag:')) {
    const key = name.slice('tag:'.length)
    return item => {
      const all = tags(item)
      return all && Object.hasOwn(all, key) ? all[key] : undefined
    }
  }
  if (tags && name === 'tag-key') return item => Object.keys(tags(item) ?? {})
  if (tags && name === 'tag-value') return item => Object.values(tags(item) ?? {})
  throw new Ec2Error('InvalidParameterValue', `The filter '${name.slice(0, 256)}' is invalid`)
}
