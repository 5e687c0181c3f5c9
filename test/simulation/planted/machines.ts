/** Bugs in the rules. */
import { type Planted, withMachine } from './plant.ts'

const listed = (value: unknown): unknown[] => (value === undefined ? [] : Array.isArray(value) ? value : [value])

/** Volumes are let go when the end is asked for, not when the provider says that the compute is gone. */
export const releasedTooEarly: Planted = {
  name: 'volumes are released before the destroy is confirmed',
  noticedBy: ['compute goes first', 'model agrees'],
  options: {
    kinds: withMachine('instance', ({ states }) => {
      const ending = states['shutting-down']
      const { cleaning } = ending.states
      const [tell] = listed(cleaning.entry)
      ending.entry = [...listed(ending.entry), tell]
      cleaning.entry = listed(cleaning.entry).slice(1)
    }),
  },
}

/** The patience of a stop outlives the stop. */
export const notDisarmed: Planted = {
  name: 'a timer is not disarmed',
  noticedBy: ['disarmed in time'],
  options: {
    kinds: withMachine('instance', ({ states }) => {
      states.stopping.exit = listed(states.stopping.exit).filter(each => each === 'answered')
    }),
  },
}

/** Volumes of what may be recovered hear nothing of it. */
export const notTold: Planted = {
  name: 'the volumes of what may be recovered are not told',
  noticedBy: ['usage', 'model agrees'],
  options: {
    kinds: withMachine('instance', ({ states }) => {
      states.recoverable.entry = listed(states.recoverable.entry).slice(0, -1)
    }),
  },
}

const last = (ask: object) => ({ ...ask, supersedes: undefined })

/** The call to destroy waits in line like any other. */
export const notSuperseding: Planted = {
  name: 'the destroy supersedes nothing',
  noticedBy: ['the end supersedes'],
  options: {
    kinds: withMachine('instance', ({ states }) => {
      const { destroying } = states['shutting-down'].states
      const ask = destroying.entry.at(-1)
      const asks = { type: 'ask', params: (now: unknown) => ask.params(now).map(last) }
      destroying.entry = [...destroying.entry.slice(0, -1), asks]
    }),
  },
}
