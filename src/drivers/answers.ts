/**
 * What a client asks before it plans: the questions of the two ways to a stateless cloud, answered from what a provider
 * declares, or from what is left of that for one image. (spec: stateful-and-deltacloud 1.1 R8 to R10, R16.)
 */
import type { Capabilities } from './capabilities.ts'
import { type DerivedCapabilities, derived } from './derived.ts'

export interface Answers extends DerivedCapabilities {
  /** Does launching an instance of an image make a disk of its own? */
  readonly launchClones: boolean
  /**
   * Who deletes that disk when its instance is gone: the provider, the provider if it is told to, or the engine. `nobody`:
   * instances run on the image itself, which stays.
   */
  readonly rootDeletedBy: 'provider' | 'providerIfTold' | 'engine' | 'nobody'
  /** Is a stop of some instance valid? Where it is not, none is: it would be its end. */
  readonly stopValid: boolean
  /** What a volume made from an image may be: anything, only the root of an instance; or there is none. */
  readonly clones: 'volumes' | 'roots' | 'none'
  /** On which volumes of a client's own instances can be launched, so that they outlive the instance. */
  readonly launchesOn: 'volumes' | 'clones' | 'none'
}

const deletedBy = { deletes: 'provider', byFlag: 'providerIfTold', keeps: 'engine' } as const

/** Of a provider, or of one image of it, after narrowing. */
export const answersOf = (declared: Capabilities): Answers => ({
  ...derived(declared),
  launchClones: declared.clonesOnLaunch !== 'never',
  rootDeletedBy: declared.clonesOnLaunch === 'never' ? 'nobody' : deletedBy[declared.rootOnDestroy],
  stopValid:
    declared.stop === 'preserves' &&
    (declared.start === 'none' ? rootSurvives(declared) : launchesImages(declared) || rootSurvives(declared)),
  clones: clonesOf(declared),
  launchesOn: launchesOn(declared),
})

const clonesOf = ({ canCreateVolumeFromImage, canCloneImage }: Capabilities) => {
  if (canCreateVolumeFromImage) return 'volumes'
  return canCloneImage ? 'roots' : 'none'
}

const launchesOn = ({ bootFromVolume, canCloneImage, attachmentsOnDestroy }: Capabilities) => {
  // A volume that goes with the instance is nobody's to lend.
  if (attachmentsOnDestroy === 'deletes') return 'none'
  if (bootFromVolume) return 'volumes'
  return canCloneImage ? 'clones' : 'none'
}

/** Launches it anything of an image? */
const launchesImages = (declared: Capabilities) =>
  declared.clonesOnLaunch !== 'never' || declared.runsOnImage || derived(declared).statelessByEngine

/** An instance that is made anew with the same disk starts again, in its way. */
const rootSurvives = (declared: Capabilities) => launchesOn(declared) !== 'none'
