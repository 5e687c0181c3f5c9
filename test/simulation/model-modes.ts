/**
 * Stateful or stateless, and on whose disk, on one page: the tables of the specification and not of the machines.
 * (spec: stateful-and-deltacloud 3a.2 derived, 3a.4, 3a.5.)
 */
import type { Capabilities } from '../../src/drivers/driver.ts'

export interface Launch {
  readonly requested: string
  readonly targets: readonly string[]
  readonly warns: boolean
  readonly direct: boolean
  /** The image has its root in a snapshot: a volume is made of that. */
  readonly fromSnapshot: boolean
  /** Its root is to be larger than the image has it, or is to stay. */
  readonly rootChanged: boolean
}
export type Resolution =
  | { readonly refused: 'modeNoMatch' | 'rootUnsupported' }
  | { readonly mode: string; readonly rootOwner: string; readonly warning?: 'modeMismatch' | 'imageConsumed' }

export function resolution(launch: Launch, can: Capabilities): Resolution {
  const { requested, targets, warns, direct, fromSnapshot, rootChanged } = launch
  const isStateful = can.stop === 'preserves' && can.start !== 'none'
  const clones = can.canCloneImage && can.canDeleteClone
  const takes = can.attachmentsOnDestroy === 'deletes'
  const volumes = can.bootFromVolume && (fromSnapshot || can.canCreateVolumeFromImage)
  const byEngine = volumes || (clones && !fromSnapshot)
  const isNative = can.clonesOnLaunch !== 'never' && can.rootOnDestroy !== 'keeps'
  const possible = {
    stateful: isStateful || (volumes && !takes),
    stateless: isNative || byEngine,
    auto: true,
  }[requested]!
  const isBuilt = requested === 'auto' || targets.includes(requested)
  const matches = possible && isBuilt
  if (!matches && !warns) return { refused: 'modeNoMatch' }
  const wished =
    requested === 'auto' ? (isStateful && targets.includes('stateful') ? 'stateful' : 'stateless') : requested
  const mode = matches ? wished : 'stateless'

  const owner = () => {
    if (direct)
      return can.clonesOnLaunch === 'never' && can.runsOnImage && mode === 'stateful' && !fromSnapshot && !rootChanged
        ? 'image'
        : ''
    if (fromSnapshot || rootChanged) return byEngine ? 'engine' : ''
    if (can.clonesOnLaunch === 'never') return byEngine ? 'engine' : can.runsOnImage ? 'image' : ''
    if (can.clonesOnLaunch === 'optional' && byEngine) return 'engine'
    const isVolume = can.rootOnDestroy === 'keeps' || (mode === 'stateful' && !isStateful)
    return isVolume && byEngine ? 'engine' : 'provider'
  }
  const rootOwner = owner()
  if (rootOwner === '') return { refused: 'rootUnsupported' }
  const warning = matches ? undefined : rootOwner === 'image' ? 'imageConsumed' : 'modeMismatch'
  return { mode, rootOwner, warning }
}
