/** The model and the engine agree: on every answer to a caller, on every state a caller sees, and on how things end. */
import type { CommandInput } from '../../../src/runtime/request.ts'
import { visibleOf } from '../fold.ts'
import { cloned, follow, judge, type Model, without } from '../model.ts'
import { begunOn } from '../model-vm-snapshots.ts'
import type { Submission } from '../submission.ts'
import { Violation } from '../violation.ts'
import type { World } from '../world.ts'
import type { CheckerMaker } from './checker.ts'

const NAME = 'model agrees'

/** Kinds whose commands change others in ways that are in no model of the past. */
const beyondItself = ['volume', 'snapshot', 'snapshot-group', 'image']
/** Whether nothing that an earlier member did to others is in the way of judging this one. */
const isJudged = ({ kind }: CommandInput, earlier: readonly CommandInput[]): boolean =>
  !earlier.some(each => beyondItself.includes(each.kind) || (each.kind === 'instance' && kind !== 'instance'))

export const predicted: CheckerMaker = () => {
  const models = new Map<string, Model>()
  /** Every value the model had, with the position from which on. */
  const past = new Map<string, { position: number; model: Model }[]>()
  /** Volumes of instances that are gone, and how each has to end. */
  const ends = new Map<string, 'deleted' | 'available'>()

  const set = (id: string, model: Model, position: number) => {
    models.set(id, model)
    const known = past.get(id) ?? []
    past.set(id, known)
    known.push({ position, model })
  }
  /** What the resource was at some time between two positions. */
  const during = (id: string, from: number, to: number): Model[] => {
    const known = past.get(id) ?? []
    const first = Math.max(
      0,
      known.findLastIndex(({ position }) => position <= from),
    )
    return known
      .slice(first)
      .filter(({ position }) => position <= Math.max(to, known[first]!.position))
      .map(({ model }) => model)
  }

  /** What else a verdict depends on; of the instance whose volume is to grow, nobody knows what it was when that was decided. */
  const seen = ({ kind, command }: CommandInput, id: string) =>
    kind === 'volume' && command === 'modify' ? undefined : models.get(id)

  /** What the model would say to the command, at any time it may have been decided. */
  const verdicts = (command: CommandInput, from: number, to: number, before: readonly Begun[]): string[] => {
    const target = command.id!
    const found = new Set<string>()
    const then = (id: string) => during(id, from, to).flatMap(model => withBegun(model, id, before))
    for (const model of then(target)) {
      const holder = otherOf(command, model)
      const others = holder === undefined ? [undefined] : then(holder)
      for (const each of others.length ? others : [undefined])
        found.add(judge(model, command.command, command.input, id => (id === holder ? each : seen(command, id))))
    }
    return [...found]
  }

  const checkAnswer = (
    { actor, from, commands, outcome, results, refusals = [], account, token }: Submission,
    world: World,
  ) => {
    // What was remembered under a token is what was true then.
    const isRepeat = world.submissions.some(
      each => each.token !== undefined && each.token === token && each.actor !== actor,
    )
    if (isRepeat) return
    const targets = commands.map(({ id }) => id)
    commands.forEach((command, index) => {
      const { id, expectedVersion } = command
      const owner = id === undefined ? undefined : models.get(id)?.account
      if (owner !== account || expectedVersion !== undefined || targets.filter(each => each === id).length > 1) return
      const earlier = commands.slice(0, index)
      if (!isJudged(command, earlier)) return
      const before = earlier
        .filter((_, place) => !refusals.some(each => each.index === place))
        .flatMap(each => begunBy(each, world))
      const refusal = refusals.find(each => each.index === index)
      const told = outcome === 'accepted' ? results![index]!.outcome : refusal ? 'refused' : undefined
      if (told === undefined) return
      const possible = verdicts(command, from, world.log.length, before)
      if (possible.includes(told) || possible.includes('either')) return
      const states = during(id!, from, world.log.length).map(({ state }) => state)
      const said = refusal ? refusal.reasons.map(({ code }) => code).join(', ') : told
      throw new Violation(
        NAME,
        `${actor}: ${command.kind}.${command.command} ${id} (${states.join(', ')}) was ${said}; the model says ${possible.join(' or ')}`,
      )
    })
  }

  return {
    name: NAME,
    event(event, world) {
      const { resource, position, state, type, origin, before } = event
      const now = models.get(resource)
      if (origin === 'requested' && now && before !== 'absent') {
        const command = commandOf(event.type)
        const verdict = command && judge(now, command, event.data, id => models.get(id))
        if (verdict === 'refused' || verdict === 'unchanged')
          throw new Violation(
            NAME,
            `event ${position} ${type} of ${resource} (${now.state}) was accepted; the model says ${verdict}`,
          )
      }
      const next = follow(now, event)
      if (!next) return
      if (next.kind !== 'account' && next.state !== visibleOf(state))
        throw new Violation(
          NAME,
          `event ${position} ${type} leads ${resource} from ${now?.state ?? 'absent'} to ${visibleOf(state)}; the model says ${next.state}`,
        )
      set(resource, next, position)
      const image = 'clonedFrom' in next && next.clonedFrom ? models.get(next.clonedFrom) : undefined
      if (image?.kind === 'image' && now?.state !== next.state)
        set((next as { clonedFrom: string }).clonedFrom, cloned(image, resource, next), position)
      if (
        now?.kind === 'instance' &&
        next.kind === 'instance' &&
        (next.state === 'terminated' || next.owed !== undefined) &&
        now.owed === undefined
      )
        for (const [volume, { dies }] of Object.entries(now.devices))
          ends.set(volume, dies && !next.givenUp ? 'deleted' : 'available')
      if (now?.kind === 'volume' && next.kind === 'volume' && now.instance && !next.instance) {
        const holder = models.get(now.instance)
        if (holder?.kind === 'instance') set(now.instance, without(holder, resource), position)
        if (world.log.length && type !== 'volume.instanceGone') ends.delete(resource)
      }
    },
    answered(submission, world) {
      if (submission.outcome === 'accepted' || submission.outcome === 'refused') checkAnswer(submission, world)
    },
    rest() {
      for (const [volume, end] of ends) {
        const { state } = models.get(volume)!
        if (end === 'deleted' && state !== 'deleted' && state !== 'error')
          throw new Violation(NAME, `${volume} was to end with its instance, and is ${state}`)
        if (end === 'available' && state === 'in-use' && !isAttachedAgain(models.get(volume)!, models))
          throw new Violation(NAME, `${volume} was to be free after its instance, and is ${state}`)
      }
      for (const [id, { state }] of models)
        if (
          [
            'pending',
            'suspending',
            'stopping',
            'shutting-down',
            'creating',
            'reverting',
            'migrating',
            'deleting',
          ].includes(state)
        )
          throw new Violation(NAME, `${id} is ${state} although everything has settled`)
    },
  }
}

/** What an earlier member has begun with VM snapshots of an instance. */
interface Begun {
  readonly instance: string
  readonly command: string
  readonly snapshot: string
}
function begunBy({ kind, command, id = 'new', input }: CommandInput, { replay }: World): Begun[] {
  if (kind !== 'vm-snapshot') return []
  const of = command === 'create' ? input : replay.snapshots.get(id)?.context
  const { instance } = (of ?? {}) as { instance?: string }
  return instance === undefined ? [] : [{ instance, command, snapshot: id }]
}
/** How it may be then. One that is deleted already, or that has no layer of its own, takes nothing to delete. */
function withBegun(model: Model, id: string, before: readonly Begun[]): Model[] {
  let possible = [model]
  for (const { instance, command, snapshot } of before)
    if (instance === id)
      possible = possible.flatMap((each): Model[] => {
        if (each.kind !== 'instance') return [each]
        const begun = begunOn(each, command, snapshot)
        return command === 'create' ? [begun] : [each, begun]
      })
  return possible
}

/** The one other resource that the verdict depends on, whose past has to be looked at too. */
function otherOf({ command, input }: CommandInput, model: Model): string | undefined {
  if (command === 'start' || command === 'resume' || (command === 'modify' && model.kind === 'volume'))
    return `account/${model.account}`
  return (
    (input as { instance?: string } | undefined)?.instance ?? (model.kind === 'volume' ? model.instance : undefined)
  )
}
const commandOf = (type: string): string | undefined => /\.(\w+)Requested$/.exec(type)?.[1]
const isAttachedAgain = (volume: Model, models: ReadonlyMap<string, Model>) =>
  volume.kind === 'volume' && volume.instance !== undefined && models.get(volume.instance)?.state !== 'terminated'
