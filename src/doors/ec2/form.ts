/**
 * The flat form of a request as a tree: `Filter.1.Value.2=x` is under `Filter`, 1, `Value`, 2. Names are kept as they
 * came; what they may be is the actions' to say. (spec: ec2 11.1)
 */
import { Ec2Error } from './errors.ts'

export type Tree = Map<string, Tree | string>

/** More is no request that a client makes: ten thousand ids are ten thousand pairs. */
const PAIRS_MAX = 20_000
const DEPTH_MAX = 8
// XML 1.0 has no way to write what is outside of these, so what it stands in could never be answered.
const unwritable = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u

/** Pairs of a query or a form body, in their order. Throws Ec2Error for bytes that are no text, and for too many pairs. */
export function pairsOf(encoded: string): [string, string][] {
  const pairs: [string, string][] = []
  for (const part of encoded.split('&')) {
    if (part === '') continue
    if (pairs.length === PAIRS_MAX)
      throw new Ec2Error('InvalidParameterCombination', `A request has at most ${PAIRS_MAX} parameters.`)
    const equals = part.indexOf('=')
    const name = decoded(equals < 0 ? part : part.slice(0, equals))
    const value = equals < 0 ? '' : decoded(part.slice(equals + 1))
    if (unwritable.test(value) || unwritable.test(name))
      throw new Ec2Error('InvalidParameterValue', 'A parameter contains characters that XML 1.0 does not have.')
    pairs.push([name, value])
  }
  return pairs
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw new Ec2Error('InvalidParameterValue', 'A parameter is not properly percent-encoded UTF-8.')
  }
}

/** The pairs as a tree. Throws Ec2Error for a name given twice, also as a value and a group at once. */
export function treeOf(pairs: Iterable<readonly [string, string]>): Tree {
  const root: Tree = new Map()
  for (const [name, value] of pairs) {
    const path = name.split('.')
    if (path.length > DEPTH_MAX || path.some(each => each === '')) throw unknownParameter(name)
    let at = root
    for (const step of path.slice(0, -1)) {
      const below = at.get(step) ?? new Map()
      if (typeof below === 'string') throw twice(name)
      at.set(step, below)
      at = below
    }
    const last = path.at(-1)!
    if (at.has(last)) throw twice(name)
    at.set(last, value)
  }
  return root
}

export const unknownParameter = (name: string): Ec2Error =>
  new Ec2Error('UnknownParameter', `The parameter ${name.slice(0, 256)} is not recognized`)
const twice = (name: string) =>
  new Ec2Error('InvalidParameterCombination', `The parameter ${name.slice(0, 256)} is given more than once.`)
