/**
 * Names that are taken once in an account and region: of images and of key pairs. Commands that give one claim its row,
 * so that no two of them get the same. What ends, or fails, says with its own event which name is free again.
 * (spec: ec2 5.2.)
 */
import type { Envelope } from '../machines/grammar.ts'
import { projection } from './contract.ts'

export interface NameRow {
  /** `<account>/<region>/<kind>/<name>`. */
  readonly key: string
  readonly kind: string
  /** Who has it. */
  readonly id: string
}

const taking = new Set([
  'image.registerRequested',
  'image.createRequested',
  'image.copyRequested',
  'key-pair.importRequested',
])
const freeing = new Set(['image.nameFreed', 'image.deregisterRequested', 'key-pair.deleteRequested'])

export const names = projection<'names', NameRow>({
  name: 'names',
  version: 1,
  key: 'key',
  columns: { key: 'text', kind: 'text', id: 'text' },
  consistency: 'claimed',
  keys: ({ type, account, region, kind, data }: Envelope) =>
    taking.has(type) || freeing.has(type) ? [`${account}/${region}/${kind}/${(data as { name: string }).name}`] : [],
  fold: (row, { type, kind, resource }, key) => {
    if (taking.has(type)) return { key, kind, id: resource }
    // A failed image has given its name away before it is deregistered.
    return row?.id === resource ? undefined : row
  },
})
