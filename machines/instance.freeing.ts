/**
 * Some providers take every volume that an instance has with it when it ends. What is to outlive the instance has to be
 * free of it before: where a stop keeps the instance, it is turned off, and has no volume then; elsewhere its volumes are
 * taken off while it runs. Only when the provider has confirmed that, its end is asked for; until then both are asked
 * again and again, since a volume that is gone does not come back. (spec: stateful-and-deltacloud 3a.5, 3a.6, P7.)
 */
import { normalised } from './disks.ts'
import type { Ask } from './grammar.ts'
import type { Device, InstanceContext, InstanceEventNamed as Named, Now } from './instance.alphabet.ts'

type Change = Partial<InstanceContext>
type Offers = Pick<InstanceContext['offers'], 'takesVolumes' | 'preserves' | 'hotUnplug'>

/** Can a volume outlive its instance? No root can be taken off what runs, and others only where that is offered. */
const canStay = ({ takesVolumes, preserves, hotUnplug }: Offers, isRoot: boolean): boolean =>
  !takesVolumes || preserves === true || (!isRoot && hotUnplug)

type Asked = Named<'launchRequested' | 'modifyRequested' | 'attachProposed'>
const offered = ({ context, event }: { context: InstanceContext; event: Asked }): Offers => {
  const declared = 'facts' in event && 'provider' in event.facts ? event.facts.provider?.capabilities : undefined
  if (event.type !== 'instance.launchRequested' || !declared) return context.offers
  return {
    takesVolumes: declared.attachmentsOnDestroy === 'deletes',
    preserves: declared.stop === 'preserves',
    hotUnplug: declared.volumeAttach.hotUnplug,
  }
}
/** Names of the devices whose volumes are to stay, as far as the event says so. What its owner attaches always is. */
const toStay = ({ type, data }: Asked): string[] => {
  if (type === 'instance.attachProposed') return data.device === undefined ? [] : [data.device]
  if (type === 'instance.launchRequested')
    return (data.devices ?? []).filter(each => !each.deleteOnTermination).map(each => each.device)
  return Object.entries(data.deleteOnTermination ?? {}).flatMap(([name, goes]) => (goes ? [] : [name]))
}
/** What is to outlive its instance can. */
export const volumesKept = (asked: { context: InstanceContext; event: Asked }): boolean => {
  const { context, event } = asked
  const rootDevice = event.type === 'instance.launchRequested' ? event.data.rootDevice : context.rootDevice
  const isRoot = (name: string) => normalised(name) === normalised(rootDevice ?? '')
  return toStay(event).every(name => canStay(offered(asked), isRoot(name)))
}

const staying = ({ devices }: InstanceContext): Device[] =>
  Object.values(devices).filter(each => !each.deleteOnTermination)
const isBurdened = (context: InstanceContext) =>
  context.offers.takesVolumes === true && !context.freed && staying(context).length > 0

/** The calls that free what stays, in the place of every other; none where nothing has to be freed. */
export const freeing = ({ context, event: { resource: instance } }: Now, off: Ask): Ask[] => {
  if (!isBurdened(context)) return []
  if (context.offers.preserves) return [{ ...off, supersedes: true }]
  const { provider, generation } = context
  return staying(context).map(({ volume, device }, index) => ({
    verb: 'detach',
    provider,
    args: { instance, volume, device, generation, force: true },
    answers: { done: 'instance.detached', rejected: 'instance.detachFailed' },
    ...(index === 0 && { supersedes: true }),
  }))
}

const absent = ({ event }: Now) => (event as Named<'stopFailed' | 'detachFailed'>).data.code === 'notFound'

export const freeingChoices = {
  burdened: ({ context }: Now) => isBurdened(context),
  lastFreed: ({ context }: Now) => isBurdened(context) && (context.unfreed ?? 0) <= 1,
  /** There is no such instance, so there is nothing it could take with it. */
  freedByAbsence: (now: Now) => isBurdened(now.context) && absent(now),
}
export const freeingChanges = {
  beginFreeing: ({ context }: Now): Change =>
    isBurdened(context) ? { unfreed: context.offers.preserves ? 1 : staying(context).length } : {},
  oneFreed: ({ context }: Now): Change => ({ unfreed: (context.unfreed ?? 0) - 1 }),
  freed: (): Change => ({ freed: true, unfreed: undefined }),
}
