/** What arrives at the engine past its own calls: answers twice, too late or in another order, and what a watcher sees. */
import type { Json } from '../../machines/grammar.ts'
import { forgottenIn } from './forgotten.ts'
import { whileAlive } from './mortal.ts'
import type { Random } from './random.ts'
import { Violation } from './violation.ts'
import { PROVIDER, type World } from './world.ts'

/** Gives an answer of the provider to the engine once more, or before its own worker does. */
export function repeatAnswer(world: World, random: Random): void {
  const reply = world.replies[Math.max(0, world.replies.length - 1 - random.below(8))]
  const { engine, life } = world
  if (!reply || !engine) return
  const { token, id } = reply.call
  const asked = askOf(world, token)
  if (!asked) return
  const { outcome } = reply
  const isDone = outcome.kind === 'done'
  const type = isDone ? asked.done : asked.rejected
  const given =
    outcome.kind === 'done' ? { ...outcome.facts, ref: outcome.ref } : outcome.kind === 'rejected' ? outcome.error : {}
  // A rejection that says "again" is no answer: the engine repeats the call.
  if (outcome.kind === 'rejected' && ['same', 'later', 'observe-first'].includes(outcome.error.retry)) return
  const parsed = world.catalogue.ofEvent(type).spec(type).data.safeParse(given)
  if (!parsed.success) return
  const resource = token.replace(/\.\d+\.\d+$/, '')
  const wasClosed = world.fold.closed.has(token)
  world.figures.reports += 1
  world.journal.note(world.at, 'report', '', id, `${type} again, for ${token}`)
  const report = { resource, type, data: parsed.data as Json, answers: token, actor: `driver:${PROVIDER}` }
  whileAlive(life, () => engine.report(report)).then(
    taken => {
      if (wasClosed && taken !== 'stale') world.broke('I17 fenced', `${type} for ${token}, closed before, was ${taken}`)
    },
    error => world.broke('I17 fenced', `${type} for ${token}: ${String(error)}`, error),
  )
}

function askOf(world: World, token: string) {
  const match = /^(.*)\.(\d+)\.(\d+)$/.exec(token)
  if (!match) return undefined
  const [, resource, version, index] = match
  const event = world.log.find(each => each.resource === resource && each.version === Number(version))
  const asks = (event?.wants ?? []).filter(want => want.want === 'ask')
  return asks[Number(index)]?.answers
}

/** A watcher shows the engine what the provider has now, or (half of the time) what it had when somebody last looked. */
export function showAgain(world: World, random: Random): void {
  const { engine, life } = world
  const objects = world.provider.objects().filter(({ kind }) => kind === 'instance' || kind === 'volume')
  if (!engine || objects.length === 0) return
  const taken = random.pick(objects)
  const past = world.sights.filter(({ id }) => world.fold.resources.get(id)?.state.startsWith('running'))
  const late = past.length > 0 && random.chance(0.5) ? random.pick(past) : undefined
  world.sights.push(taken)
  if (world.sights.length > 24) world.sights.shift()
  const seen = late ?? taken
  const age = world.time.now - seen.observedAt
  world.journal.note(world.at, 'observe', '', seen.id, `${seen.exists} ${JSON.stringify(seen.facts)} ${age} ms ago`)
  whileAlive(life, () => engine.observed(PROVIDER, seen)).then(
    () => {},
    error => world.broke('no fault', `observing ${seen.id}: ${String(error)}`, error),
  )
}

/** A tenant reads: its list, one of its own, and one of somebody else's. */
export function readAs(
  world: World,
  account: string,
  id: string | undefined,
  scan: (told: string) => readonly string[],
): void {
  const { engine, life } = world
  if (!engine) return
  const session = engine.as({ account, actor: 'reader' })
  const told = (text: string) => {
    const foreign = scan(text)
    if (foreign.length) world.broke('I16 tenant', `${account} read of ${foreign.join(', ')}`)
  }
  const owner = id === undefined ? undefined : world.fold.resources.get(id)?.account
  const fail = (error: unknown) => world.broke('no fault', `reading as ${account}: ${String(error)}`, error)
  whileAlive(life, () => session.list('instance')).then(({ items }) => told(JSON.stringify(items)), fail)
  for (const kind of ['volume', 'snapshot', 'image'])
    whileAlive(life, () => session.list(kind)).then(({ items }) => told(JSON.stringify(items)), fail)
  if (id === undefined) return
  const from = world.log.length
  whileAlive(life, () => session.get(id))
    .then(
      row => {
        if (owner !== account) throw new Violation('I16 tenant', `${account} could read ${id} of ${owner}`)
        const version = world.fold.resources.get(id)!.version
        if (row.version < version && world.log.length === from)
          throw new Violation('I3 fold', `${id} was read at version ${row.version}; it has ${version}`)
      },
      error => {
        const sentence = error instanceof Error ? error.message : String(error)
        const kind = world.fold.resources.get(id)!.kind
        if (owner === account && forgottenIn(world).has(id) && error.code === 'notFound') return
        if (owner === account) throw new Violation('I16 tenant', `${account} could not read its own ${id}: ${sentence}`)
        if (sentence !== `The ${kind} '${id}' does not exist.`)
          throw new Violation('I16 tenant', `${account} was told of ${id} of ${owner}: ${sentence}`)
      },
    )
    .catch(error => world.broke('I16 tenant', String(error), error))
}
