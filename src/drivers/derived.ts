/** What follows from capabilities and is never declared. (spec: stateful-and-deltacloud 3a.2.) */
import type { Capabilities } from './capabilities.ts'

export interface DerivedCapabilities {
  /** An instance that is stopped keeps its disk, and starts again with it. */
  readonly stateful: boolean
  /** Any number of launches of one image, and nothing is left of them: the provider sees to both. */
  readonly statelessNative: boolean
  /** The same, where the engine makes the root of each launch and deletes it. */
  readonly statelessByEngine: boolean
}

type Declared = Pick<
  Capabilities,
  | 'stop'
  | 'start'
  | 'clonesOnLaunch'
  | 'rootOnDestroy'
  | 'canCloneImage'
  | 'canDeleteClone'
  | 'canCreateVolumeFromImage'
  | 'bootFromVolume'
>

/** Of a provider, or of one image or instance of it, after narrowing. */
export const derived = (declared: Declared): DerivedCapabilities => ({
  stateful: declared.stop === 'preserves' && declared.start !== 'none',
  statelessNative: declared.clonesOnLaunch !== 'never' && declared.rootOnDestroy !== 'keeps',
  statelessByEngine:
    (declared.canCloneImage && declared.canDeleteClone) ||
    (declared.canCreateVolumeFromImage && declared.bootFromVolume),
})
