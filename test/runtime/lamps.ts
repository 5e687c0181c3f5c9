/** What threads import in tests: lamps, their inventory, and a view whose fold does not bear every label. */
import { projection } from '../../projections/contract.ts'
import { lamp } from './light.ts'
import { inventory } from './setting.ts'

export const kinds = { lamp }
export const brittle = projection({
  name: 'brittle',
  version: 1,
  key: 'id',
  columns: { id: 'text', label: 'text' },
  keys: event => [event.resource],
  fold: (_, event) => {
    const { label } = event.data as { label?: string }
    if (label === 'cracked') throw new TypeError(`${event.resource} is cracked`)
    return { id: event.resource, label }
  },
})
export const projections = { inventory, brittle }
