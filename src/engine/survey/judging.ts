/** What one thing at a provider is, against what is known of it here. */
import type { Json } from '../../../machines/grammar.ts'
import type { Observation, ResourceKind } from '../../drivers/driver.ts'
import { mayBeOld, secondLook } from '../../effects/second-look.ts'
import { visible } from '../../runtime/decide.ts'
import type { Snapshot } from '../../runtime/snapshot.ts'
import type { Finding } from '../../runtime/survey.ts'
import {
  askedBy,
  expectedOf,
  graceMs,
  isMoving,
  isOver,
  isYoung,
  resourceOf,
  type SurveyParts,
  sightOf,
} from './parts.ts'

/** `nothing`: it is not counted, because something else stands for it. */
export type Verdict = Finding | 'known' | 'unsettled' | 'nothing'
type Snapshots = ReadonlyMap<string, Snapshot | null>
type Parts = SurveyParts

/** Judges what a provider shows. Records it first, if it is news of a resource. */
export async function judgeShown(
  parts: Parts,
  name: string,
  seen: Observation,
  snapshots: Snapshots,
): Promise<Verdict> {
  const { kind, id, owner } = seen
  if (owner !== undefined && owner !== parts.owner) return foreign(name, seen)
  const resource = resourceOf(id)
  // Set aside: nobody can say what should be there of it.
  if (!snapshots.has(resource)) return 'unsettled'
  const snapshot = snapshots.get(resource)
  if (!snapshot || isOver(parts, snapshot)) return judgeStray(parts, name, seen, snapshot)
  const recorded = await record(parts, name, seen, snapshot)
  // The provider has images of its own, and nobody asked for them here.
  if (kind === 'image') return 'known'
  if (isMoving(parts, snapshot) || seen.exists !== 'yes') return 'unsettled'
  const differences = differ(parts, seen, snapshot)
  if (differences.length === 0) return 'known'
  const isSure = await isConfirmed(parts, name, seen, snapshot, recorded)
  if (!isSure) return 'unsettled'
  const said = differences.map(({ fact, here, there }) => `${fact} is ${text(there)} there and ${text(here)} here`)
  return { ...found('drift', name, seen, snapshot, `${id}: ${said.join('; ')}.`), differences, recorded: recorded > 0 }
}

const news = ({ catalogue }: Parts, seen: Observation, snapshot: Snapshot) => {
  const { kind, context, state } = snapshot
  return catalogue.kind(kind).kind.observed(sightOf(seen, snapshot), context, visible(state)) !== undefined
}

/** Records what it says, as long as that is news: what is back may have another size. Returns how many events that took. */
async function record(parts: Parts, name: string, seen: Observation, snapshot: Snapshot): Promise<number> {
  let count = 0
  for (let now: Snapshot | null = snapshot; now && count < NEWS_MAX && news(parts, seen, now); count += 1) {
    if ((await parts.heard(name, seen, snapshot.resource)) !== 'taken') break
    now = (await parts.residence.peek([snapshot.resource])).get(snapshot.resource) ?? null
  }
  return count
}
const NEWS_MAX = 2

/** It differs also when it is looked at once more, and nothing has happened to it meanwhile, but for its being recorded. */
async function isConfirmed(
  parts: Parts,
  name: string,
  seen: Observation,
  snapshot: Snapshot,
  recorded: number,
): Promise<boolean> {
  const provider = parts.drivers.get(name)!
  if (mayBeOld(seen, snapshot, provider.capabilities.consistency.lagMs)) return false
  const again = await secondLook(provider, seen, parts.questions)
  if (again?.exists !== 'yes' || differ(parts, { ...again, kind: seen.kind }, snapshot).length === 0) return false
  const now = (await parts.residence.peek([snapshot.resource])).get(snapshot.resource)
  return now?.version === snapshot.version + recorded
}

/** Facts that are shown and are not as they should be. */
function differ(parts: Parts, { kind, id, facts }: Observation, snapshot: Snapshot) {
  const expected = expectedOf(parts, snapshot).find(each => each.kind === kind && each.id === id)
  if (!expected) return [{ fact: kind as string, here: undefined, there: 'present' as Json }]
  return Object.entries(expected.facts)
    .filter(([fact, here]) => here !== undefined && facts[fact] !== undefined && facts[fact] !== here)
    .map(([fact, here]) => ({ fact, here, there: facts[fact] }))
}
const text = (value: Json | undefined) => (value === undefined ? 'absent' : String(value))

/** Of what belongs to no resource that lives here. */
async function judgeStray(
  parts: Parts,
  name: string,
  seen: Observation,
  last: Snapshot | null | undefined,
): Promise<Verdict> {
  const { kind, id, owner, token } = seen
  if (owner === undefined) return foreign(name, seen)
  const provider = parts.drivers.get(name)!
  // A connection goes with its instance, which is what is found; and an image that nobody can take away is its provider's.
  if (kind === 'attachment' || (kind === 'image' && !provider.driver.imageDelete)) return 'nothing'
  const { lagMs } = provider.capabilities.consistency
  if (isYoung(seen, last, provider, parts.clock.now()) || (last && mayBeOld(seen, last, lagMs))) return 'unsettled'
  const asker = await askerOf(parts, token)
  // Under a name of its own, such as a root that may outlive its instance.
  if (asker && expectedOf(parts, asker).some(each => each.kind === kind && each.id === id)) {
    await record(parts, name, seen, asker)
    return 'known'
  }
  // A provider that makes another one when it is asked again has not answered yet: which of them counts is open.
  if (asker && isMoving(parts, asker)) return 'unsettled'
  const again = await secondLook(provider, seen, parts.questions)
  if (again?.exists !== 'yes' || again.owner !== parts.owner) return 'unsettled'
  // It may have been given to somebody while it was looked at.
  const now = (await parts.residence.peek([resourceOf(id)])).get(resourceOf(id))
  if (now && !isOver(parts, now)) return 'unsettled'
  const why = now
    ? `ended here (${visible(now.state)}) and is still there`
    : 'is there, marked as ours, and unknown here'
  return found('orphan', name, seen, now, `${id} ${why}.`)
}

/** The resource that lives and asked for it, by the token of that call. */
async function askerOf(parts: Parts, token: string | undefined): Promise<Snapshot | undefined> {
  const resource = askedBy(token)
  const snapshot = resource === undefined ? undefined : (await parts.residence.peek([resource])).get(resource)
  return snapshot && !isOver(parts, snapshot) ? snapshot : undefined
}

/** Judges what a provider should have shown, and did not. */
export async function judgeMissing(
  parts: Parts,
  name: string,
  { kind, id }: { kind: ResourceKind; id: string },
  snapshot: Snapshot,
): Promise<Verdict> {
  const provider = parts.drivers.get(name)!
  const again = await secondLook(provider, { kind, id }, parts.questions)
  if (!again || again.exists === 'unknown') return 'unsettled'
  const isAbsent = again.exists === 'no' || (again.owner !== undefined && again.owner !== parts.owner)
  const seen: Observation = isAbsent ? { ...again, kind, id, exists: 'no', facts: {} } : { ...again, kind, id }
  const count = await record(parts, name, seen, snapshot)
  const recorded = count > 0
  // It came meanwhile: the next survey finds it among the others.
  if (!isAbsent) return 'unsettled'
  if (!expectedOf(parts, snapshot).some(each => each.must && each.kind === kind && each.id === id)) return 'nothing'
  const isTooEarly =
    isMoving(parts, snapshot) ||
    mayBeOld(seen, snapshot, provider.capabilities.consistency.lagMs) ||
    parts.clock.now() - snapshot.createdAt < graceMs(provider)
  const now = (await parts.residence.peek([snapshot.resource])).get(snapshot.resource)
  if (isTooEarly || now?.version !== snapshot.version + count) return 'unsettled'
  if (kind !== 'attachment')
    return { ...found('ghost', name, seen, now, `${id} is ${visible(now.state)} here and is not there.`), recorded }
  const differences = [{ fact: kind, here: 'present', there: undefined }]
  return { ...found('drift', name, seen, now, `${id}: it is attached here and not there.`), differences, recorded }
}

const foreign = (name: string, seen: Observation): Finding => ({
  ...found(
    'foreign',
    name,
    seen,
    null,
    `${seen.id} is ${seen.owner === undefined ? 'not marked' : `of ${seen.owner}`}.`,
  ),
  owner: seen.owner,
})

const found = (
  as: Finding['class'],
  provider: string,
  { kind, id, madeAt }: Observation,
  snapshot: Snapshot | null | undefined,
  sentence: string,
): Finding => ({
  class: as,
  provider,
  kind,
  id,
  sentence,
  madeAt,
  ...(snapshot ? { resource: snapshot.resource, state: visible(snapshot.state) } : {}),
})
