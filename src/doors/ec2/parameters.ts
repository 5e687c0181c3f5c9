/**
 * What an action takes: types of parameters that read their part of a form, or say in the protocol's words what is wrong
 * with it. A declared shape gives the type of what arrives. (spec: ec2 11.1, 11.2)
 */
import { Ec2Error, invalid, missing } from './errors.ts'
import { type Tree, unknownParameter } from './form.ts'

export interface ParameterType<T> {
  /** For the reference: text, integer, list of … */
  readonly words: string
  readonly isRequired: boolean
  /** For lists and structures: what is below. */
  readonly below?: Shape | ParameterType<unknown>
  /** `name` is the full name, for errors. Throws Ec2Error. */
  read(value: Tree | string | undefined, name: string): T
  /** `otherwise`: what is said without it, where that is not MissingParameter with its name. */
  required(otherwise?: (name: string) => Ec2Error): ParameterType<Exclude<T, undefined>>
}
export type Shape = Readonly<Record<string, ParameterType<unknown>>>
export type ParametersOf<S extends Shape> = { readonly [N in keyof S]: S[N] extends ParameterType<infer T> ? T : never }

function type<T>(
  words: string,
  read: (value: Tree | string, name: string) => T,
  below?: Shape | ParameterType<unknown>,
): ParameterType<T | undefined> {
  return {
    words,
    below,
    isRequired: false,
    read: (value, name) => (value === undefined ? undefined : read(value, name)),
    required(otherwise = name => missing(lowered(name))) {
      return {
        words,
        below,
        isRequired: true,
        read: (value, name) => {
          if (value === undefined || value === '') throw otherwise(name)
          return read(value, name) as Exclude<T, undefined>
        },
        required() {
          return this as never
        },
      }
    },
  }
}

/** Names in sentences begin with a small letter. */
const lowered = (name: string) => name.charAt(0).toLowerCase() + name.slice(1)

const plain = (value: Tree | string, name: string): string => {
  if (typeof value === 'string') return value
  throw unknownParameter(`${name}.${value.keys().next().value ?? ''}`)
}

interface TextRules<V> {
  /** Characters (default 65 536). */
  readonly max?: number
  /** The only ones there are. */
  readonly values?: V[]
  /** For the reference, where what it may be is found out later. */
  readonly words?: string
}

export const text = <const V extends string = string>({ max = 65_536, values, words }: TextRules<V> = {}) =>
  type<V>(words ?? values?.join(' \\| ') ?? 'text', (value, name) => {
    const given = plain(value, name)
    if (given.length > max) throw invalid(lowered(name), given, `At most ${max} characters.`)
    if (values && !values.includes(given as V))
      throw invalid(lowered(name), given, `Valid values are: ${values.join(', ')}.`)
    return given as V
  })

const INTEGER_MAX = 2 ** 31 - 1

/** A decimal integer from `min` to `max`. */
export const integer = ({ min = 0, max = INTEGER_MAX }: { min?: number; max?: number } = {}) =>
  type<number>(`integer${min > 0 ? ` from ${min}` : ''}${max < INTEGER_MAX ? ` to ${max}` : ''}`, (value, name) => {
    const given = plain(value, name)
    const number = Number(given)
    if (!/^-?\d{1,15}$/.test(given)) throw invalid(lowered(name), given, 'It is not an integer.')
    if (number < min || number > max) throw invalid(lowered(name), given, `It must be between ${min} and ${max}.`)
    return number + 0
  })

export const flag = () =>
  type<boolean>('true \\| false', (value, name) => {
    const given = plain(value, name).toLowerCase()
    if (given === 'true' || given === 'false') return given === 'true'
    throw invalid(lowered(name), plain(value, name), 'It is true or false.')
  })

/** An ISO 8601 time, as ms since 1970. */
export const time = () =>
  type<number>('time', (value, name) => {
    const given = plain(value, name)
    const at = /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:?\d\d)$/.test(given) ? Date.parse(given) : Number.NaN
    if (Number.isNaN(at)) throw invalid(lowered(name), given, 'It is not an ISO 8601 time.')
    return at
  })

/** Base64 of at most `maxBytes` bytes; arrives as those bytes. */
export const base64 = ({ maxBytes }: { maxBytes: number }) =>
  type<Buffer>('base64', (value, name) => {
    const given = plain(value, name).replace(/\s/g, '')
    const digits = given.replace(/={1,2}$/, '')
    if (!/^[A-Za-z0-9+/_-]*$/.test(digits) || digits.length % 4 === 1)
      throw new Ec2Error('InvalidUserData.Malformed', `Invalid BASE64 encoding of ${lowered(name)}.`)
    const bytes = Buffer.from(given, 'base64')
    if (bytes.length <= maxBytes) return bytes
    throw new Ec2Error('InvalidParameterValue', `${name} is limited to ${maxBytes} bytes`)
  })

/** `Name.1=…&Name.2=…`, in the order of the numbers, which may have gaps. */
export const list = <T>(of: ParameterType<T>) =>
  type<Exclude<T, undefined>[]>(
    `list of ${of.words}`,
    (value, name) => {
      if (typeof value === 'string') {
        // Some clients send an only member without its number, and EC2 takes it.
        return value === '' ? [] : [of.read(value, name) as Exclude<T, undefined>]
      }
      const places = [...value.keys()].map(key => {
        if (/^\d{1,9}$/.test(key)) return key
        throw unknownParameter(`${name}.${key}`)
      })
      const numbers = new Set(places.map(Number))
      if (numbers.size < places.length) throw invalid(lowered(name), '', 'A number of it is given twice.')
      return places
        .toSorted((one, other) => Number(one) - Number(other))
        .map(place => of.read(value.get(place), `${name}.${place}`) as Exclude<T, undefined>)
    },
    of,
  )

/** Named parts below one name. */
export const structure = <S extends Shape>(shape: S) =>
  type<ParametersOf<S>>(
    'structure',
    (value, name) => {
      if (typeof value !== 'string') return parametersOf(shape, value, `${name}.`)
      throw invalid(lowered(name), value, 'It has parts.')
    },
    shape,
  )

/** Reads a whole request by its shape. Throws Ec2Error for the first parameter that is unknown, missing or wrong. */
export function parametersOf<S extends Shape>(shape: S, tree: Tree, prefix = ''): ParametersOf<S> {
  for (const [name, value] of tree) {
    if (Object.hasOwn(shape, name)) continue
    const below = typeof value === 'string' ? '' : `.${value.keys().next().value}`
    throw unknownParameter(`${prefix}${name}${below}`)
  }
  const entries = Object.entries(shape).map(([name, each]) => [name, each.read(tree.get(name), `${prefix}${name}`)])
  return Object.fromEntries(entries)
}
