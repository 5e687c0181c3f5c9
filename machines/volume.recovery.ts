/**
 * A volume of an instance that was terminated and may be recovered: it stays as it is and where it is, and nothing is
 * taken of it or changed. Whether it goes with its instance in the end is said once it is kept. (docs/decisions/0056.)
 */
import { ignore } from './grammar.ts'
import type { VolumeEventNamed as Named, Now, VolumeContext } from './volume.alphabet.ts'

type Change = Partial<VolumeContext>

const isOver = ({ context }: Now) => context.attachment?.terminated === true

export const recoveryRequirements = {
  /** Its instance, if it has one, was not terminated. */
  ownerAlive: (now: Now) => !isOver(now),
}
export const recoveryChoices = {
  instanceOver: isOver,
  /** It is another's, or of none. */
  notItsOwn: ({ context, event }: Now) =>
    context.attachment?.instance !== (event as Named<'instanceTerminated' | 'instanceRecovered'>).data.instance,
}
export const recoveryChanges = {
  instanceTerminated: ({ context: { attachment } }: Now): Change => ({
    attachment: { ...attachment!, terminated: true },
  }),
  instanceRecovered: ({ context: { attachment } }: Now): Change => {
    const { terminated: _, ...rest } = attachment!
    return { attachment: rest }
  },
}

const foreign = { guard: 'notItsOwn', ...ignore('another instance has no claim on it') } as const
/** While an instance has it. */
export const keptWithInstance = {
  'volume.instanceTerminated': [
    foreign,
    { guard: 'instanceOver', ...ignore('that is known') },
    { actions: 'instanceTerminated' },
  ],
  'volume.instanceRecovered': [
    foreign,
    { guard: 'instanceOver', actions: 'instanceRecovered' },
    ignore('its instance was not terminated'),
  ],
} as const
