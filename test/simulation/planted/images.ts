/** Bugs in the rules of images and snapshots. */
import type { Tell } from '../../../machines/grammar.ts'
import { calm, usual } from '../shape.ts'
import { type Configuration, type Planted, withMachine } from './plant.ts'

/** The first snapshot that is complete makes the image available. */
export const availableTooEarly: Planted = {
  name: 'an image is available before all its snapshots are complete',
  noticedBy: ['images are whole', 'model agrees'],
  options: {
    kinds: withMachine('image', ({ states }) => {
      states.pending.on['image.snapshotCompleted'][0].guard = 'awaited'
    }),
  },
}

/** A snapshot may be deleted whatever is made of it. */
export const deletedWhileUsed: Planted = {
  name: 'a snapshot is deleted while an image uses it',
  noticedBy: ['images are whole', 'model agrees'],
  options: {
    kinds: withMachine('snapshot', ({ states }) => {
      states.completed.on['snapshot.deleteRequested'] = 'deleting'
    }),
  },
}

const deafToFailures = withMachine('instance', ({ states }) => {
  const { cutting } = states.running.states.capturing.states
  cutting.on['instance.captureEnded'] = { actions: 'captureEnded' }
})
/** What a failed snapshot says, but for its instance. */
const unsaid = ({ actions }: Configuration) => {
  const tell = actions.at(-1)
  const others = (now: unknown) => (tell.params(now) as Tell[]).filter(({ event }) => event !== 'instance.snapshotCut')
  actions[actions.length - 1] = { ...tell, params: others }
}

/** A guest that was turned off for an image stays off when the image fails. */
export const leftOff: Planted = {
  name: 'a guest is not turned on again after a failed image',
  noticedBy: ['taken at rest', 'I8 alive'],
  options: {
    // Half of the disks cannot be taken.
    shape: { ...calm, images: 4, faults: { volumeSnapshotEnsure: { rejected: 0.5 } }, weights: usual },
    kinds: withMachine(
      'snapshot',
      ({ states }) => {
        for (const branch of states.pending.on['snapshot.createFailed']) unsaid(branch)
      },
      deafToFailures,
    ),
  },
}

/** The end of a volume is asked for although snapshots of it are being taken. */
export const sourceGone: Planted = {
  name: 'a volume is deleted while a snapshot of it is taken',
  noticedBy: ['the source stays', 'the end supersedes'],
  options: {
    kinds: withMachine('volume', ({ states }) => {
      states.available.on['volume.deleteRequested'][0].target = 'deleting'
      for (const branch of states['in-use'].on['volume.instanceGone'])
        if (branch.target === 'deleting.waiting') branch.target = 'deleting'
    }),
  },
}
