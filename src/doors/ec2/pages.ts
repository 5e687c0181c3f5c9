/** `MaxResults` and `NextToken`: pages that neither skip nor repeat while resources come and go. (spec: ec2 11.3) */
import { createHash } from 'node:crypto'
import { Ec2Error } from './errors.ts'

export interface Paging<Item> {
  readonly MaxResults?: number
  readonly NextToken?: string
  readonly min: number
  readonly max: number
  /** Where an item stands: when it was made (ms), then its id. */
  readonly place: (item: Item) => readonly [at: number, id: string]
  /** What the pages are of; a token of another question is refused. */
  readonly of: unknown
}

const before = (one: readonly [number, string], other: readonly [number, string]): boolean =>
  one[0] < other[0] || (one[0] === other[0] && one[1] < other[1])

/** The items of this page in order, and the token of the next. Throws Ec2Error. */
export function paged<Item>(
  items: readonly Item[],
  { MaxResults, NextToken, min, max, place, of }: Paging<Item>,
): { items: readonly Item[]; nextToken: string | undefined } {
  if (MaxResults !== undefined && (MaxResults < min || MaxResults > max))
    throw new Ec2Error(
      'InvalidParameterValue',
      `Value ( ${MaxResults} ) for parameter maxResults is invalid. Expecting a value greater than or equal to ${min} and at most ${max}.`,
    )
  const question = createHash('sha256')
    .update(JSON.stringify(of ?? null))
    .digest('base64url')
    .slice(0, 16)
  const after = NextToken === undefined ? undefined : placeIn(NextToken, question)
  const placed = items
    .map(item => ({ item, at: place(item) }))
    .sort((one, other) => (before(one.at, other.at) ? -1 : 1))
    .filter(({ at }) => after === undefined || before(after, at))
  const page = MaxResults === undefined ? placed : placed.slice(0, MaxResults)
  const last = page.length < placed.length ? page.at(-1) : undefined
  const nextToken = last && Buffer.from(JSON.stringify([question, ...last.at])).toString('base64url')
  return { items: page.map(({ item }) => item), nextToken }
}

function placeIn(token: string, question: string): readonly [number, string] {
  try {
    const [of, at, id] = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'))
    if (of === question && Number.isSafeInteger(at) && typeof id === 'string') return [at, id]
  } catch {
    // Falls through: whatever it is, it is no token of ours.
  }
  throw new Ec2Error('InvalidNextToken', 'The token is not valid for this request; begin without one.')
}
