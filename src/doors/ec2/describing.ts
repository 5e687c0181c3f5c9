/**
 * Actions that list what follows from the call alone, without a look at the cloud: regions, zones, the default network.
 * Each names what it shows, under which names clients ask for some of it, and by what they filter.
 */
import { type Action, type AnswerValue, action, type Call } from './action.ts'
import type { ErrorCode } from './error-codes.ts'
import { Ec2Error } from './errors.ts'
import { type Filter, type FilterFields, filtering, filterParameter } from './filters.ts'
import { paged } from './pages.ts'
import { flag, integer, list, text } from './parameters.ts'

export interface Described<Item> {
  readonly name: string
  readonly summary: string
  /** The element around the items. */
  readonly set: string
  readonly items: (call: Omit<Call, 'parameters'>) => readonly Item[]
  readonly filters: FilterFields<Item>
  /** Parameters that list what is wanted, each with what they are compared with and what is said of those there are not. */
  readonly wanted?: Readonly<Record<string, Wanted<Item>>>
  /** Parameters that are taken and change nothing here. */
  readonly flags?: readonly string[]
  /** Bounds of `MaxResults`; without them, there are no pages. */
  readonly pages?: { readonly min: number; readonly max: number }
}
export interface Wanted<Item> {
  readonly of: (item: Item) => string | undefined
  readonly code: ErrorCode
  readonly sentence: (absent: readonly string[]) => string
}
interface Asked {
  readonly Filter?: readonly Filter[]
  readonly MaxResults?: number
  readonly NextToken?: string
}
type Given = Readonly<Record<string, readonly string[] | undefined>>

/** The action. Throws Ec2Error for a name there is not, a filter that is not known, and a page that is none. */
export function describing<Item extends object>(of: Described<Item>): Action {
  const { name, summary, set, items, filters, wanted = {}, flags = [], pages } = of
  return action({
    name,
    summary,
    parameters: {
      ...Object.fromEntries(Object.keys(wanted).map(each => [each, list(text())])),
      ...Object.fromEntries(flags.map(each => [each, flag()])),
      Filter: filterParameter(filters),
      ...(pages && { MaxResults: integer(), NextToken: text() }),
    },
    run: async call => {
      const { Filter, MaxResults, NextToken, ...given } = call.parameters as Asked
      const chosen = among(items(call), wanted, given as Given).filter(filtering(Filter, filters))
      if (!pages) return { [set]: chosen as unknown as AnswerValue }
      const page = paged(
        chosen.map((item, index) => ({ item, index })),
        { MaxResults, NextToken, ...pages, place: ({ index }) => [index, ''], of: [name, given, Filter] },
      )
      return { [set]: page.items.map(({ item }) => item) as unknown as AnswerValue, nextToken: page.nextToken }
    },
  })
}

/** Items under every list of names that is given. */
function among<Item>(items: readonly Item[], wanted: Readonly<Record<string, Wanted<Item>>>, given: Given) {
  let chosen = items
  for (const [parameter, { of, code, sentence }] of Object.entries(wanted)) {
    const names = given[parameter] ?? []
    if (names.length === 0) continue
    const absent = [...new Set(names)].filter(name => !items.some(item => of(item) === name))
    if (absent.length) throw new Ec2Error(code, sentence(absent))
    chosen = chosen.filter(item => names.includes(of(item) ?? ''))
  }
  return chosen
}
