/** Entries that can not both be true of one provider: whichever the engine believed, it would plan wrongly. */
import type { Capabilities } from './capabilities.ts'

export interface Contradiction {
  /** The entry that disagrees with others. */
  readonly capability: keyof Capabilities
  readonly sentence: string
}
interface Rule extends Contradiction {
  readonly broken: (declared: Capabilities) => boolean
}

const rules: readonly Rule[] = [
  {
    capability: 'runsOnImage',
    sentence: 'is true, but every instance gets a root of its own',
    broken: ({ runsOnImage, clonesOnLaunch }) => runsOnImage && clonesOnLaunch === 'always',
  },
  {
    capability: 'runsOnImage',
    sentence: 'is false, but there is nothing else that an instance could run on',
    broken: ({ runsOnImage, clonesOnLaunch, canCloneImage, bootFromVolume }) =>
      !runsOnImage && clonesOnLaunch === 'never' && !canCloneImage && !bootFromVolume,
  },
  {
    capability: 'destroy',
    sentence: 'is "viaStop", but its stop does not destroy',
    broken: ({ destroy, stop }) => destroy === 'viaStop' && stop !== 'destroys',
  },
  {
    capability: 'destroyFrom',
    sentence: 'lacks "stopped", but its stop preserves what could then never be destroyed',
    broken: ({ destroy, destroyFrom, stop }) =>
      destroy === 'native' && stop === 'preserves' && !destroyFrom.includes('stopped'),
  },
  {
    capability: 'destroyFrom',
    sentence: 'lacks "stopped", but what ends by itself stays there, and could then never be destroyed',
    broken: ({ destroy, destroyFrom, stop, vanishesAfterStop }) =>
      destroy === 'native' && stop !== 'preserves' && !vanishesAfterStop && !destroyFrom.includes('stopped'),
  },
  {
    capability: 'destroyFrom',
    sentence: 'lacks "stopped", but what was created is stopped, and could then not be destroyed without a start',
    broken: ({ destroy, destroyFrom, stateAfterCreate }) =>
      destroy === 'native' && stateAfterCreate === 'stopped' && !destroyFrom.includes('stopped'),
  },
  {
    capability: 'rootOnStop',
    sentence: 'is "deletes", but its stop preserves the root',
    broken: ({ rootOnStop, stop }) => rootOnStop === 'deletes' && stop === 'preserves',
  },
  {
    capability: 'vanishesAfterStop',
    sentence: 'is true, but its stop preserves the instance',
    broken: ({ vanishesAfterStop, stop }) => vanishesAfterStop && stop === 'preserves',
  },
  {
    capability: 'vanishesAfterStop',
    sentence: 'is false, but its stop destroys the instance',
    broken: ({ vanishesAfterStop, stop }) => !vanishesAfterStop && stop === 'destroys',
  },
  {
    capability: 'deleteOnTermination',
    sentence: 'has to be true where something is deleted "byFlag", and only there',
    broken: ({ deleteOnTermination, rootOnDestroy, attachmentsOnDestroy }) =>
      deleteOnTermination !== (rootOnDestroy === 'byFlag' || attachmentsOnDestroy === 'byFlag'),
  },
  {
    capability: 'consistency',
    sentence: 'has a lag, but also says that every read shows the last write',
    broken: ({ consistency }) => consistency.readAfterWrite && consistency.lagMs > 0,
  },
]

export const contradictionsOf = (declared: Capabilities): readonly Contradiction[] =>
  rules.filter(({ broken }) => broken(declared)).map(({ capability, sentence }) => ({ capability, sentence }))
