/**
 * How many disks need each image: linked clones and overlays, of whichever account, made by the engine, by a caller or by
 * a provider with an instance. A full copy needs nothing and is not counted, so a launch where copies are full touches no
 * row. What ends says with an event to itself which image it needed. (spec: stateful-and-deltacloud 3a.2, 3a.6.)
 */
import type { Envelope } from '../machines/grammar.ts'
import { projection } from './contract.ts'

export interface CloneRow {
  readonly image: string
  readonly count: number
}
interface Said {
  readonly pinsImage?: boolean
  readonly rootOwner?: string
  readonly image?: string
  readonly from?: { readonly id: string }
}

const none: readonly string[] = []
const made = new Set(['volume.createRequested', 'volume.requestedByInstance', 'instance.launchRequested'])
const freed = new Set(['volume.imageFreed', 'instance.imageFreed'])

function imageOf({ type, data }: Envelope): string | undefined {
  const isMade = made.has(type)
  if (!isMade && !freed.has(type)) return undefined
  const { pinsImage, rootOwner = 'provider', image, from } = data as Said
  // A root that is a volume is counted with that.
  const isCounted = !isMade || (pinsImage && rootOwner === 'provider')
  return isCounted ? (from?.id ?? image) : undefined
}

export const clones = projection<'clones', CloneRow>({
  name: 'clones',
  version: 1,
  key: 'image',
  columns: { image: 'text', count: 'integer' },
  consistency: 'claimed',
  keys: event => {
    const image = imageOf(event)
    return image === undefined ? none : [image]
  },
  fold: (row, { type }, image) => {
    const count = (row?.count ?? 0) + (made.has(type) ? 1 : -1)
    return count > 0 ? { image, count } : undefined
  },
})
