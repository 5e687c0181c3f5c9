/** What random lives do with instances that are kept after they were terminated. */
import { type KindName, Refused, type World } from './world.ts'

export const recoveryDeeds = ['terminateKept', 'bringBack', 'expunge', 'expireKept'] as const
export type RecoveryDeed = (typeof recoveryDeeds)[number]

const among = <T>(list: readonly T[], index: number): T | undefined => list[index % Math.max(1, list.length)]

/** Does one of them; a refusal is an outcome like any other. */
export function recoveryAct(world: World, what: RecoveryDeed, pick: number, other: number): void {
  const ask = (kind: KindName, name: string, id: string, input: Record<string, unknown> = {}) => {
    try {
      world.request(kind, name, id, input)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
    }
  }
  const instance = among(world.idsOf('instance'), pick)
  const ending = among(
    world.idsOf('instance').filter(id => /^(shutting-down|recoverable)/.test(world.get(id).state)),
    pick,
  )
  const kept = among(
    world.idsOf('instance').filter(id => world.visible(id) === 'recoverable'),
    pick,
  )
  const deeds: Record<RecoveryDeed, () => void> = {
    terminateKept: () => {
      if (!instance) return
      ask('instance', 'modify', instance, { recoverableForMs: 1000 })
      ask('instance', 'terminate', instance, other % 2 ? { profile: 'cloudstack-vmware' } : {})
      // Sooner or later it is off.
      if (other > 3 && world.asks.get(instance)?.length) world.answer(instance, other > 6 ? 'rejected' : 'done')
    },
    bringBack: () => kept && ask('instance', 'recover', kept),
    expunge: () => ending && ask('instance', 'terminate', ending, { expunge: true }),
    expireKept: () => {
      const due = among(
        [...world.timers].filter(each => each.endsWith(' instance.expungeDue')),
        pick,
      )
      if (due) world.fire(due)
    },
  }
  deeds[what]()
}
