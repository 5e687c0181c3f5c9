/** Tags, which every kind that has them has in the same way. */
import type { Envelope } from '../machines/grammar.ts'
import { type Attributes, defined } from './inventory.row.ts'

/** The attributes after a `tag` or `untag` that was accepted; of any other event, as they were. */
export function tagged(before: Attributes, { kind, type, data }: Envelope): Attributes {
  if (!type.endsWith('agRequested')) return before
  if (type === `${kind}.tagRequested`) return { ...before, tags: { ...before.tags, ...(data as Attributes).tags } }
  if (type !== `${kind}.untagRequested`) return before
  const named: readonly { key: string; value?: string }[] = (data as Attributes).tags
  const stays = ([key, value]: [string, unknown]) =>
    !named.some(each => each.key === key && (each.value === undefined || each.value === value))
  const tags = Object.fromEntries(Object.entries(before.tags ?? {}).filter(stays))
  return defined({ ...before, tags: Object.keys(tags).length ? tags : undefined })
}
