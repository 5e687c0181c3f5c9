/** The row of a pool: what its operator says of it. What is in it is added to it. */
import type { Envelope } from '../machines/grammar.ts'
import { type CapacityRow, type PoolSettings, said } from './capacity.row.ts'

/** The row after an event of the pool itself. */
export function poolAfter(row: CapacityRow | undefined, event: Envelope): CapacityRow | undefined {
  const { resource: key, type } = event
  const { provider, zone, name: _, tags: __, ...settings } = said(event)
  const before = row?.settings
  const of = (now: Partial<Record<keyof PoolSettings, unknown>>): CapacityRow => {
    const all = Object.entries({ ...before, ...now }).filter(([, value]) => value !== null && value !== undefined)
    return { ...row!, settings: Object.fromEntries(all) as unknown as PoolSettings }
  }
  switch (type) {
    case 'pool.defineRequested':
      return {
        figures: {},
        ...row,
        ...of({ ...settings, enabled: true }),
        ...{ key, holder: 'pool', provider, zone, declared: 1 },
      }
    case 'pool.modifyRequested':
      return row && of(settings)
    case 'pool.enableRequested':
      return row && of({ enabled: true })
    case 'pool.disableRequested':
      return row && of({ enabled: false })
    case 'pool.measured':
      return row && { ...row, storage: { ...settings, asOf: event.at } }
    case 'pool.retireRequested':
      return row && { ...of({ enabled: false }), declared: undefined }
    default:
      return row
  }
}

/** The row of a provider: which pools it has. */
export function poolsAfter(row: CapacityRow | undefined, event: Envelope): CapacityRow | undefined {
  const { resource, type } = event
  const { provider } = said(event)
  const others = (row?.pools ?? []).filter(each => each !== resource)
  if (type === 'pool.defineRequested')
    return { key: providerKey(provider), holder: 'provider', provider, pools: [...others, resource].sort() }
  return type === 'pool.retireRequested' && row ? { ...row, pools: others } : row
}
export const providerKey = (provider: string): string => `provider/${provider}`
