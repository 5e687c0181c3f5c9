/**
 * Restarting a guest: in one call where the provider has one, which leaves the launch as it is; else by stopping and
 * starting it, where it is kept. That is one command: the state of the stop remembers that a start follows, so a crash
 * in between changes nothing, and it never rests in `stopped`. The start is a launch of its own number in the time of
 * the same one, since nobody launched it. Whoever stops it meanwhile wants it off. (spec: stateful-and-deltacloud 3a.6.)
 */
import { needs } from './grammar.ts'
import type { InstanceContext, InstanceEventNamed as Named, Now } from './instance.alphabet.ts'
import * as want from './instance.wants.ts'

type Change = Partial<InstanceContext>

const isKept = ({ mode, offers }: InstanceContext) => mode === 'stateful' && offers.preserves === true

export const restartRequirements = {
  rebootOffered: ({ context }: Now) => context.offers.reboot || isKept(context),
}
export const restartChoices = {
  rebooting: ({ context }: Now) => context.rebooting === true,
  rebootingAlready: ({ context }: Now) => context.rebooting === true && context.quieted === undefined,
  /** There is no call for it, and nothing says no. */
  restartsByStop: ({ context }: Now) =>
    !context.offers.reboot && isKept(context) && context.quieted === undefined && !context.vmSnapshotTask,
  restarts: ({ context }: Now) => context.restarts === true,
  noneToRestart: ({ context, event }: Now) =>
    context.restarts === true && (event as Named<'stopFailed'>).data.code === 'notFound',
}
export const restartChanges = {
  rebooting: (): Change => ({ rebooting: true }),
  rebooted: (): Change => ({ rebooting: undefined }),
  restarting: (): Change => ({ restarts: true }),
  restartedByStop: ({ context }: Now): Change => ({ restarts: undefined, generation: context.generation + 1 }),
}

export const restartable = {
  'instance.rebootRequested': [
    { guard: 'rebootingAlready' },
    { guard: 'restartsByStop', target: '#stopping', actions: 'restarting' },
    {
      guard: needs('rebootOffered', 'notCapturing', 'vmSnapshotIdle'),
      actions: ['rebooting', { type: 'ask', params: want.reset }],
    },
  ],
} as const
