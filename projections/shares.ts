/** Which accounts an image is shared with, one row for each: what an account may see besides its own and the public. */
import type { Envelope } from '../machines/grammar.ts'
import { projection } from './contract.ts'

export interface ShareRow {
  /** `<account>/<image>`. */
  readonly key: string
  /** Who may see it. */
  readonly account: string
  readonly resource: string
}

interface Said {
  readonly add?: readonly string[]
  readonly remove?: readonly string[]
  readonly sharedWith?: readonly string[]
}
const sharing = new Set(['image.shareRequested', 'image.deregisterRequested'])
const none: readonly string[] = []

/** By account: may it see the image after this event? */
function said({ type, data }: Envelope): Map<string, boolean> {
  const { add = [], remove = [], sharedWith = [] } = data as Said
  if (type === 'image.deregisterRequested') return new Map(sharedWith.map(account => [account, false]))
  if (type !== 'image.shareRequested') return new Map()
  return new Map([...add.map(account => [account, true] as const), ...remove.map(account => [account, false] as const)])
}

export const shares = projection<'shares', ShareRow>({
  name: 'shares',
  version: 1,
  key: 'key',
  columns: { key: 'text', account: 'text', resource: 'text' },
  indexes: [['account', 'key']],
  keys: event =>
    sharing.has(event.type) ? [...said(event).keys()].map(account => `${account}/${event.resource}`) : none,
  fold: (_, event, key) => {
    const account = key.slice(0, key.lastIndexOf('/'))
    return said(event).get(account) ? { key, account, resource: event.resource } : undefined
  },
})
