/** What random lives do with VM snapshots. */
import { type KindName, Refused, type World } from './world.ts'

export const vmSnapshotDeeds = [
  'keepMachine',
  'keepMachine',
  'keepDisksAlone',
  'keepForAWhile',
  'revertMachine',
  'forgetMachine',
  'forgetSubtree',
  'expireMachine',
  'forkMachine',
  'failToRevert',
  'expireBusy',
  'cutShort',
] as const
export type VmSnapshotDeed = (typeof vmSnapshotDeeds)[number]

const among = <T>(list: readonly T[], index: number): T | undefined => list[index % Math.max(1, list.length)]

/** Does one of them; a refusal is an outcome like any other. */
export function vmSnapshotAct(world: World, what: VmSnapshotDeed, pick: number, other: number): void {
  const ask = (kind: KindName, name: string, id: string | undefined, input: Record<string, unknown> = {}) => {
    try {
      world.request(kind, name, id, input)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
    }
  }
  const instance = among(world.idsOf('instance'), pick)
  const snapshot = among([...world.idsOf('vm-snapshot')].reverse(), other)
  const keep = (input: Record<string, unknown>) =>
    instance && ask('vm-snapshot', 'create', undefined, { instance, ...input })
  const expiring = among(
    [...world.timers].filter(each => /vm-snapshot\.(expiryDue|removalRetryDue|taskTimedOut)$/.test(each)),
    pick,
  )
  const deeds: Record<VmSnapshotDeed, () => void> = {
    keepMachine: () => keep({ memory: other % 3 > 0 }),
    keepDisksAlone: () => keep({ quiesce: other > 5 }),
    keepForAWhile: () => keep({ retentionMs: 1000, memory: other % 2 > 0, name: `kept ${other % 3}` }),
    revertMachine: () => snapshot && ask('vm-snapshot', 'revert', snapshot),
    forkMachine: () => {
      const last = () => world.idsOf('vm-snapshot').at(-1)
      const done = () => instance && world.asks.get(instance)?.length && world.answer(instance, 'done')
      keep({ memory: true })
      const first = last()
      done()
      keep({ memory: true })
      done()
      for (const name of ['revert', 'delete']) {
        if (first) ask('vm-snapshot', name, first)
        done()
      }
    },
    failToRevert: () => {
      keep({ memory: true })
      if (instance && world.asks.get(instance)?.length) world.answer(instance, 'done')
      const last = world.idsOf('vm-snapshot').at(-1)
      if (last) ask('vm-snapshot', 'revert', last)
      if (instance && world.asks.get(instance)?.length) world.answer(instance, 'rejected')
    },
    expireBusy: () => {
      keep({ memory: true, retentionMs: 1000 })
      const first = world.idsOf('vm-snapshot').at(-1)
      if (instance && world.asks.get(instance)?.length) world.answer(instance, 'done')
      keep({ memory: true })
      const due = `${first} vm-snapshot.expiryDue`
      if (world.timers.has(due)) world.fire(due)
    },
    cutShort: () => {
      if (other % 2) keep({ memory: true })
      else if (snapshot) ask('vm-snapshot', 'delete', snapshot)
      if (instance) ask('instance', pick % 2 ? 'stop' : 'forceStop', instance, pick % 2 ? { force: true } : {})
    },
    forgetMachine: () => snapshot && ask('vm-snapshot', 'delete', snapshot),
    forgetSubtree: () => snapshot && ask('vm-snapshot', 'delete', snapshot, { subtree: true }),
    expireMachine: () => expiring && world.fire(expiring),
  }
  deeds[what]()
}
