/** Bugs in what others may do while an instance has VM snapshots. (cloudstack 2.5.) */
import { calm, usual } from '../shape.ts'
import { type Configuration, type Planted, withMachine } from './plant.ts'

const without = (transition: Configuration, ...names: string[]) => {
  transition.guard.params = transition.guard.params.filter((name: string) => !names.includes(name))
}
const shape = { ...calm, weights: usual, images: 4, pooled: true }

export const detachedBeside: Planted = {
  name: 'a volume is detached from an instance with VM snapshots',
  noticedBy: ['model agrees'],
  options: {
    shape,
    kinds: withMachine('instance', ({ states }) => {
      without(states.running.on['instance.detachProposed'], 'noVmSnapshots')
      without(states.stopped.on['instance.detachProposed'], 'noVmSnapshots')
    }),
  },
}
export const movedBeside: Planted = {
  name: 'a volume is moved from under its VM snapshots',
  noticedBy: ['model agrees'],
  options: {
    shape,
    kinds: withMachine('instance', ({ states }) => {
      without(states.running.on['instance.migrateProposed'], 'lineageMovable')
      without(states.stopped.on['instance.migrateProposed'], 'lineageMovable')
    }),
  },
}
