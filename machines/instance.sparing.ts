/**
 * Providers that delete with an instance whatever volumes it has: those are taken off before it is destroyed, because
 * which of them goes is decided here. One that is off has none; where nothing can be turned off without its end, each
 * volume is detached. Where neither is possible, an instance has no volume that is to outlive it.
 * (spec: stateful-and-deltacloud 3a.2 attachmentsOnDestroy, 3a.9 P7.)
 */

import { normalised } from './disks.ts'
import type { Ask } from './grammar.ts'
import type { InstanceContext, InstanceEventNamed as Named, Now } from './instance.alphabet.ts'

/** How its volumes are saved from its end. Undefined where its provider deletes none of them. */
export type Sparing = 'byStop' | 'byDetach' | 'never'

interface Abilities {
  readonly attachmentsOnDestroy: string
  readonly stop: string
  readonly destroyFrom: readonly string[]
  readonly vanishesAfterStop: boolean
  readonly volumeAttach: { readonly hotUnplug: boolean }
}
export function sparingOf({ attachmentsOnDestroy, stop, destroyFrom, vanishesAfterStop, volumeAttach }: Abilities) {
  if (attachmentsOnDestroy !== 'deletes') return undefined
  if (stop === 'preserves' && destroyFrom.includes('stopped')) return 'byStop'
  // A guest that turns itself off would take them along before anybody could detach them.
  const endsAlone = stop === 'destroys' || vanishesAfterStop
  return volumeAttach.hotUnplug && !endsAlone ? 'byDetach' : 'never'
}

/** Names of the devices that are to be saved, of those it still has. A root comes off only what is off. */
const endangered = ({ offers, spared, devices }: InstanceContext): string[] => {
  if (spared || offers.spares === undefined || offers.spares === 'never') return []
  const names = Object.keys(devices)
  return offers.spares === 'byStop' ? names : names.filter(name => !devices[name]!.root)
}

export const sparingRequirements = {
  /** What is to outlive its instance can be saved from its end. */
  volumesOutlive: ({ context, event }: { context: InstanceContext; event: Keeping }) => {
    const spares = 'provider' in event.facts ? sparingOf(event.facts.provider.capabilities) : context.offers?.spares
    if (spares === undefined || spares === 'byStop') return true
    const { kept, root } = keptBy(event, context)
    return !kept || (spares === 'byDetach' && !root)
  },
}
type Keeping = Named<'launchRequested' | 'modifyRequested' | 'attachProposed'>

/** Is a volume to outlive the instance by this request, and is the root one? */
function keptBy({ data }: Keeping, { rootDevice }: InstanceContext): { kept: boolean; root: boolean } {
  const flags =
    'volume' in data
      ? [[data.device, false] as const]
      : 'devices' in data
        ? (data.devices ?? []).map(each => [each.device, each.deleteOnTermination] as const)
        : Object.entries(('deleteOnTermination' in data && data.deleteOnTermination) || {})
  const kept = flags.filter(([, goes]) => !goes).map(([device]) => normalised(device ?? ''))
  const rootName = normalised('rootDevice' in data ? (data.rootDevice ?? '') : rootDevice)
  return { kept: kept.length > 0, root: kept.includes(rootName) }
}

export const sparingChoices = {
  sparedByStop: ({ context }: Now) => context.offers.spares === 'byStop' && endangered(context).length > 0,
  /** There is nothing that could have a volume. */
  nothingToSpare: ({ context, event }: Now) =>
    endangered(context).length > 0 && (event as Named<'stopFailed'>).data.code === 'notFound',
  sparing: ({ context }: Now) => endangered(context).length > 0,
  lastSpared: ({ context }: Now) => isDetaching(context) && context.changing.length === 1,
  oneSpared: ({ context }: Now) => isDetaching(context),
}
const isDetaching = (context: InstanceContext) => context.offers.spares === 'byDetach' && endangered(context).length > 0

type Change = Partial<InstanceContext>
export const sparingChanges = {
  /** Answers come in the order of what is asked. */
  sparing: ({ context }: Now): Change => (isDetaching(context) ? { changing: endangered(context) } : {}),
  oneSpared: ({ context }: Now): Change => ({ changing: context.changing.slice(1) }),
  spared: (): Change => ({ spared: true, changing: [], failure: undefined }),
}

const answers = (done: string, rejected: string) => ({ done: `instance.${done}`, rejected: `instance.${rejected}` })

/**
 * What comes before the destroy, if anything: asked again with it until it is done, so the first of it may take the place
 * of every other call. The guest is not waited for, as it is to go.
 */
export function spare(context: InstanceContext, instance: string): Ask[] {
  const names = endangered(context)
  if (names.length === 0) return []
  const { provider, generation, devices, offers } = context
  if (offers.spares === 'byStop') {
    const args = { want: 'off', mode: offers.neverHard ? 'graceful' : 'hard', generation }
    return [{ verb: 'instancePower', provider, args, answers: answers('stopped', 'stopFailed'), supersedes: true }]
  }
  return names.map((name, index) => {
    const { volume, device } = devices[name]!
    const args = { instance, volume, device, generation, force: true }
    return { verb: 'detach', provider, args, answers: answers('detached', 'detachFailed'), supersedes: index === 0 }
  })
}
