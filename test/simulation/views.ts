/** The views the engine comes with, and a tally of the simulation's own that is kept in the transaction like a claim. */
import type { Envelope } from '../../machines/grammar.ts'
import { projection } from '../../projections/contract.ts'
import { projections } from '../../projections/index.ts'

interface TallyRow {
  readonly account: string
  /** Instances that are not terminated, and volumes that are not deleted. */
  readonly alive: number
}
const change = ({ before, state }: Envelope): number =>
  (before === 'absent' ? 1 : 0) - (state === 'terminated' || state === 'deleted' ? 1 : 0)
const isTurn = ({ before, state }: Envelope) => before !== state

export const tally = projection<'tally', TallyRow>({
  name: 'tally',
  version: 1,
  key: 'account',
  columns: { account: 'text', alive: 'integer' },
  consistency: 'claimed',
  keys: event =>
    (event.kind === 'instance' || event.kind === 'volume') && isTurn(event) && change(event) !== 0
      ? [event.account]
      : [],
  fold: (row, event, account) => ({ account, alive: (row?.alive ?? 0) + change(event) }),
})

export const simulationViews = { ...projections, tally }
