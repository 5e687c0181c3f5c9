/** What random lives do to go back, and to move: reverts and moves of volumes, snapshots in groups, schedules. */
import { type KindName, Refused, type World } from './world.ts'

export const keepingDeeds = [
  'revert',
  'revert',
  'migrate',
  'migrate',
  'group',
  'deleteGroup',
  'makeSchedule',
  'changeSchedule',
  'runSchedule',
  'makeSchedule',
  'runSchedule',
  'runSchedule',
] as const
export type KeepingDeed = (typeof keepingDeeds)[number]

const among = <T>(list: readonly T[], index: number): T | undefined => list[index % Math.max(1, list.length)]
const few = 4

/** Does one of them; a refusal is an outcome like any other. */
export function keepingAct(world: World, what: KeepingDeed, pick: number, other: number): void {
  const ask = (kind: KindName, name: string, id: string | undefined, input: Record<string, unknown> = {}) => {
    try {
      world.request(kind, name, id, input)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
    }
  }
  const alive = (kind: string) => world.idsOf(kind).filter(id => !/^dele/.test(world.get(id).state))
  const make = (kind: KindName, input: Record<string, unknown>) => {
    if (alive(kind).length < few) ask(kind, 'create', undefined, input)
  }
  const [instance, volume] = [among(world.idsOf('instance'), pick), among(alive('volume'), other)]
  const [group, schedule] = [among(alive('snapshot-group'), pick), among(alive('schedule'), pick)]
  const keep = [{ count: 1 }, { count: 2, ageMs: 60_000 }, { ageMs: 60_000 }][other % 3]
  const deeds: Record<KeepingDeed, () => void> = {
    revert: () => {
      const volumeOf = (snapshot: string): string => world.get(snapshot).context.volume
      const isBeside = (id: string | undefined) => {
        const { attachment } = world.resources.get(id ?? '')?.context ?? {}
        return attachment !== undefined && world.get(attachment.instance).state === 'stopped'
      }
      const taken = world.idsOf('snapshot').filter(id => world.get(id).state === 'completed')
      const beside = taken.filter(id => isBeside(volumeOf(id)))
      const snapshot = among(beside.length ? beside : taken, pick)
      const still = alive('volume').find(isBeside)
      // Few volumes beside a stopped instance have a snapshot yet.
      if (still && beside.length === 0) ask('snapshot', 'create', undefined, { volume: still })
      else if (snapshot) ask('volume', 'revert', volumeOf(snapshot), { snapshot })
    },
    migrate: () => {
      // One that rests, beside what is stopped if there is any.
      const isBeside = (id: string) => world.get(world.get(id).context.attachment.instance).state === 'stopped'
      const held = alive('volume').filter(id => world.get(id).state === 'in-use.attached')
      const moving = among(pick % 2 ? held.filter(isBeside) : held, other) ?? volume
      const settings = { enabled: true, totalBytes: 1024 ** 4, overprovisionFactor: 1 }
      const pools = ['pool/one', 'pool/two'].map(key => ({ key, zone: 'a', settings }))
      const profile = pick > 4 ? 'cloudstack-vmware' : undefined
      world.claims.set('pools provider/lab', pools)
      if (moving) ask('volume', 'migrate', moving, { pool: among([undefined, 'one', 'pool/two'], pick), profile })
      world.claims.delete('pools provider/lab')
    },
    group: () =>
      make('snapshot-group', pick % 2 ? { instance } : { volumes: alive('volume').slice(0, 2), copyTags: true }),
    deleteGroup: () => group && ask('snapshot-group', 'delete', group),
    makeSchedule: () => {
      const targets = [
        { kind: 'volume', volume },
        { kind: 'instance', instance },
        { kind: 'vm-snapshot', instance, memory: other % 2 > 0 },
      ]
      if (pick % 3 ? instance : volume)
        make('schedule', { target: targets[pick % 3], when: { every: 'interval', intervalMs: 60_000 }, keep })
    },
    changeSchedule: () => {
      const name = among(['modify', 'pause', 'resume', 'resume', 'run', 'tag', 'delete'], other)!
      const input = { modify: { keep }, tag: { tags: { key: 'value' } } }[name] ?? {}
      if (schedule) ask('schedule', name, schedule, input)
    },
    runSchedule: () => {
      // Until a run or two are over, or nothing about them is left to do.
      for (let turn = 0; turn < 6; turn += 1) {
        const asked = [...world.asks].find(
          ([id, [ask]]) => ask && (/^(sched|snapgroup)-/.test(id) || ask.verb.startsWith('vmSnapshot')),
        )
        const due = [...world.timers].filter(key => / schedule\./.test(key))
        const key = among(due, pick)
        if (asked) world.answer(asked[0], 'done')
        else if (key) world.fire(key)
      }
    },
  }
  deeds[what]()
}
