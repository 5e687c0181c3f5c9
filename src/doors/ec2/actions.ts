/** Every action there is, by name. */
import type { Action } from './action.ts'
import { imageActions } from './images/index.ts'
import { instanceActions } from './instances/index.ts'
import { keyActions } from './key-pairs/index.ts'
import { networkActions } from './networks/index.ts'
import { regionActions } from './regions/index.ts'
import { snapshotActions } from './snapshots/index.ts'
import { tagActions } from './tags/index.ts'
import { volumeActions } from './volumes/index.ts'

export const actions: ReadonlyMap<string, Action> = new Map(
  [
    ...instanceActions,
    ...volumeActions,
    ...snapshotActions,
    ...imageActions,
    ...tagActions,
    ...regionActions,
    ...networkActions,
    ...keyActions,
  ].map(each => [each.name, each as Action]),
)
