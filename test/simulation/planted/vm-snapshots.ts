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
/** Where VM snapshots take their time, there is much that others may ask for meanwhile. */
export const stoppedMeanwhile: Planted = {
  name: 'an instance is stopped, suspended or started while a VM snapshot is being taken',
  noticedBy: ['model agrees'],
  options: {
    shape: {
      ...shape,
      images: 8,
      weights: { ...usual, submit: 40 },
      faults: { vmSnapshotEnsure: { delay: 1 }, vmSnapshotRevert: { delay: 1 }, vmSnapshotDelete: { delay: 1 } },
      delayMs: { min: 60_000, max: 600_000 },
    },
    kinds: withMachine('instance', ({ states }) => {
      for (const [state, ...words] of [
        ['running', 'stop', 'suspend', 'reboot'],
        ['stopped', 'start'],
        ['suspended', 'resume', 'start', 'stop'],
      ] as const)
        for (const word of words)
          for (const each of [states[state].on[`instance.${word}Requested`]].flat())
            if (each?.guard?.params) without(each, 'vmSnapshotIdle')
    }),
  },
}
