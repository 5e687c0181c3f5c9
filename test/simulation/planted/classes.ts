/** Bugs in the rules of stateful and stateless, each where a provider of some class shows it. */
import { type Ask, provider, type Tell } from '../../../machines/grammar.ts'
import { kinds } from '../../../machines/index.ts'
import { calm, type Shape, usual } from '../shape.ts'
import { type Configuration, type Planted, withMachine } from './plant.ts'

const at = (providerClass: Shape['providerClass'], more: Partial<Shape> = {}): Shape => ({
  ...calm,
  providerClass,
  weights: usual,
  ...more,
})
const without = (transition: Configuration, ...names: string[]) => {
  transition.guard.params = transition.guard.params.filter((name: string) => !names.includes(name))
}

export const stopThatEnds: Planted = {
  name: 'a stop is accepted where nothing would be kept',
  noticedBy: ['model agrees'],
  options: {
    shape: at('A'),
    kinds: withMachine('instance', ({ states }) => {
      without(states.running.on['instance.stopRequested'], 'stateful', 'preserved')
    }),
  },
}

export const consumedTwice: Planted = {
  name: 'two instances run on one image',
  noticedBy: ['a root of its own'],
  options: {
    shape: at('D alone'),
    kinds: withMachine(
      'image',
      ({ states }) => {
        states.available.on['image.directUseProposed'] = { actions: 'used' }
      },
      withMachine('instance', ({ states }) => {
        without(states.absent.on['instance.launchRequested'], 'imageUnused')
      }),
    ),
  },
}

/** What an instance tells its volumes when its compute is gone, changed. */
const ending = (change: (data: { root?: boolean; deleteOnTermination: boolean }) => boolean) =>
  withMachine('instance', ({ states }) => {
    const { cleaning } = states['shutting-down'].states
    const [tell, ...rest] = cleaning.entry
    const changed = (now: Configuration) =>
      (tell.params(now) as Tell[]).map(each => {
        const device = Object.values<Configuration>(now.context.devices).find(({ volume }) => volume === each.resource)
        return { ...each, data: { ...(each.data as object), deleteOnTermination: change(device) } }
      })
    cleaning.entry = [{ ...tell, params: changed }, ...rest]
  })

export const rootForgotten: Planted = {
  name: 'the root that the engine made is not cleaned up',
  noticedBy: ['a root of its own', 'model agrees', 'I8 alive'],
  options: { shape: at('E'), kinds: ending(({ root, deleteOnTermination }) => deleteOnTermination && !root) },
}

/** The launch says where its root is to be, and its provider is not told. */
export const rootElsewhere: Planted = {
  name: 'a provider is not told where it is to make a root',
  noticedBy: ['a root of its own'],
  options: {
    shape: at('C', { pooled: true }),
    kinds: withMachine('instance', ({ states }) => {
      const { creating } = states.pending.states
      const { params } = creating.entry
      const untold = (now: Configuration) => {
        const { args, ...ask } = params(now) as Ask
        return { ...ask, args: { ...(args as object), root: undefined } }
      }
      creating.entry = { ...creating.entry, params: untold }
    }),
  },
}
/** It becomes a volume that is nowhere, and its pool is free before it is gone. */
export const rootLeftNowhere: Planted = {
  name: 'a root that its provider leaves loses its place',
  noticedBy: ['capacity'],
  options: {
    shape: at('B', { pooled: true, weights: { ...usual, vanish: 6 } }),
    kinds: withMachine('instance', ({ states }) => {
      const { cleaning } = states['shutting-down'].states
      const [volumes, root, ...rest] = cleaning.entry
      const nowhere = (now: Configuration) =>
        (root.params(now) as Tell[]).map(each => ({ ...each, data: { ...(each.data as object), pool: undefined } }))
      cleaning.entry = [volumes, { ...root, params: nowhere }, ...rest]
    }),
  },
}

export const userVolumeDeleted: Planted = {
  name: 'a volume of its owner is deleted with the instance',
  noticedBy: ['volumes stay', 'model agrees'],
  options: { shape: at('B'), kinds: ending(() => true) },
}

/** Whatever the provider says, it is taken to have destroyed the instance, and with it the root. */
export const lostRootForgotten: Planted = {
  name: 'the root of an instance that its provider lost is left there',
  noticedBy: ['a root of its own', 'model agrees', 'I7 one object', 'a survey is right'],
  options: {
    shape: at('B', { weights: { ...usual, vanish: 6 } }),
    kinds: withMachine('instance', ({ states }) => {
      const { on } = states['shutting-down']
      const [ends, ...others] = on['instance.destroyed']
      const hasNoVolumes = ({ context }: Configuration) =>
        Object.values<Configuration>(context.devices).every(({ deleteOnTermination }) => !deleteOnTermination)
      on['instance.destroyed'] = [{ ...ends, guard: hasNoVolumes }, ...others]
    }),
  },
}

export const grownAsleep: Planted = {
  name: 'a volume grows under a guest that is suspended',
  noticedBy: ['model agrees'],
  options: {
    shape: { ...calm, weights: usual },
    kinds: withMachine('instance', ({ states }) => {
      states.suspended.on['instance.growProposed'] = {}
    }),
  },
}

export const unheardStarted: Planted = {
  name: 'what an operator says is stopped is started before its provider has been heard',
  noticedBy: ['model agrees'],
  options: {
    shape: { ...calm, weights: { ...usual, submit: 40 } },
    kinds: withMachine('instance', ({ states }) => {
      without(states.stopped.on['instance.startRequested'], 'stopConfirmed')
    }),
  },
}

/** The destroy is asked for at once, whatever it takes along. */
export const notSpared: Planted = {
  name: 'a provider that takes every volume with an instance is not asked for those that stay',
  noticedBy: ['volumes stay', 'I7 one object', 'a survey is right'],
  options: {
    shape: at('B', { variation: { attachmentsOnDestroy: 'deletes' } }),
    kinds: withMachine('instance', ({ states }) => {
      const { destroying } = states['shutting-down'].states
      const ask = destroying.entry.at(-1)
      const spared = (now: Configuration): Ask[] => ask.params({ ...now, context: { ...now.context, spared: true } })
      destroying.entry = [...destroying.entry.slice(0, -1), { ...ask, params: spared }]
    }),
  },
}

export const statelessStarted: Planted = {
  name: 'what is stateless is started again',
  noticedBy: ['a stop keeps the root', 'model agrees'],
  options: {
    shape: at('C', { variation: { settle: { missingGraceMs: 600_000 } }, weights: { ...usual, powerOff: 6 } }),
    kinds: withMachine('instance', ({ states }) => {
      without(states.stopped.on['instance.startRequested'], 'stateful')
    }),
  },
}

const { launch } = kinds.instance.commands
/** Nobody asks the image what it was built for. */
const unbuilt: typeof launch.complete = ({ facts, ...rest }) =>
  launch.complete({ ...rest, facts: { ...facts, image: facts.image && { ...facts.image, targets: undefined } } })

export const modeIgnored: Planted = {
  name: 'an image that was built for less is launched as if it were not',
  noticedBy: ['as resolved'],
  options: {
    shape: at('B'),
    kinds: {
      ...kinds,
      instance: {
        ...kinds.instance,
        commands: { ...kinds.instance.commands, launch: { ...launch, complete: unbuilt } },
      },
    },
  },
}

export const offeredInFull: Planted = {
  name: 'an image whose instances are offered less is launched as if they were not',
  noticedBy: ['as resolved'],
  options: {
    shape: { ...calm, weights: usual, narrower: { stop: 'destroys', suspend: 'none' } },
    kinds: {
      ...kinds,
      instance: {
        ...kinds.instance,
        commands: {
          ...kinds.instance.commands,
          launch: { ...launch, needs: { ...launch.needs, provider: provider('provider') } },
        },
      },
    },
  },
}
