/**
 * Taking away one orphan, because somebody asked for it: it is looked at again, and whatever is not certainly an orphan
 * any more is refused. The call has a token of its own, and the history of the resource that it was of says what was done.
 */
import type { Capabilities, Observation, ResourceKind } from '../../drivers/driver.ts'
import type { RegisteredDriver } from '../../drivers/register.ts'
import { callAtOnce } from '../../effects/at-once.ts'
import { secondLook } from '../../effects/second-look.ts'
import { survey } from '../../effects/survey.ts'
import { visible } from '../../runtime/decide.ts'
import type { NewsOutcome, ReportInput } from '../../runtime/news.ts'
import { InvalidRequest, Refused, Unavailable } from '../../runtime/refusal.ts'
import type { Snapshot } from '../../runtime/snapshot.ts'
import type { Cleaned, Thing } from '../../runtime/survey.ts'
import { judgeShown } from './judging.ts'
import { isOver, isYoung, resourceOf, type SurveyParts } from './parts.ts'

export interface CleaningParts extends SurveyParts {
  /** 17 hexadecimal digits, never the same twice. */
  readonly nextId: () => string
  readonly report: (report: ReportInput) => Promise<NewsOutcome>
}
interface Removal {
  readonly verb: string
  readonly args: unknown
}

/** What goes by a call of its own, without arguments. */
const deletions = {
  image: 'imageDelete',
  volume: 'volumeDelete',
  volumeSnapshot: 'volumeSnapshotDelete',
} as const
const removable = ['instance', 'image', 'volume', 'volumeSnapshot'] as const
const isDeleted = (kind: string): kind is keyof typeof deletions => Object.hasOwn(deletions, kind)
const isRemovable = (kind: string): kind is (typeof removable)[number] =>
  (removable as readonly string[]).includes(kind)

/**
 * Removes an orphan from its provider. Throws InvalidRequest for a provider or kind that it cannot be; Refused foreign,
 * stillKnown, tooYoung, notConfirmed, holdsVolumes, cleanUnsupported or providerRefused; Unavailable if the provider does
 * not say what became of it. Nothing is removed then, as far as is known.
 */
export async function clean(parts: CleaningParts, thing: Thing, actor: string): Promise<Cleaned> {
  const { drivers, clock, owner, questions } = parts
  const { provider: name, kind, id } = thing
  const provider = drivers.get(name)
  if (!provider) throw new InvalidRequest('invalidInput', 'provider', `There is no provider '${name}'.`)
  if (!isRemovable(kind) || typeof id !== 'string')
    throw new InvalidRequest('invalidInput', 'kind', `Only ${removable.join(', ')} can be cleaned away, by their ids.`)
  const seen = await secondLook(provider, { kind, id }, questions)
  if (!seen || seen.exists === 'unknown') throw silent(thing)
  if (seen.exists === 'no') return { provider: name, kind, id, outcome: 'absent', recorded: false }
  const last = await checkOrphan(parts, thing, { ...seen, kind, id })
  const removal = await removalOf(parts, provider, thing, seen, last)
  const token = `clean.${parts.nextId()}`
  const outcome = await callAtOnce({ provider, clock, owner }, { ...removal, resource: id, token })
  if (outcome.kind === 'rejected')
    throw refused(thing, last, 'providerRefused', `The provider refused it: ${outcome.error.message}`)
  if (outcome.kind !== 'done') {
    const after = await secondLook(provider, { kind, id }, questions)
    if (after?.exists !== 'no') throw silent(thing)
  }
  return {
    provider: name,
    kind,
    id,
    outcome: 'cleaned',
    token,
    recorded: await record(parts, last, thing, token, actor),
  }
}

/** The resource it was of, if there was one. Throws Refused for all that is no orphan. */
async function checkOrphan(parts: CleaningParts, thing: Thing, seen: Observation): Promise<Snapshot | undefined> {
  const { residence, owner, drivers, clock } = parts
  const resource = resourceOf(thing.id)
  const snapshots = await residence.peek([resource])
  const last = snapshots.get(resource) ?? undefined
  if (seen.owner !== owner) {
    const whose = seen.owner === undefined ? 'is not marked as ours' : `is of ${seen.owner}`
    throw refused(thing, last, 'foreign', `${thing.id} ${whose}; what is foreign is never touched.`)
  }
  if (!snapshots.has(resource) || (last && !isOver(parts, last)))
    throw refused(thing, last, 'stillKnown', `${thing.id} belongs to ${resource}, which has not ended; delete that.`)
  if (isYoung(seen, last, drivers.get(thing.provider)!, clock.now()))
    throw refused(thing, last, 'tooYoung', `${thing.id} is too young to be sure of; try again in some minutes.`)
  const verdict = await judgeShown(parts, thing.provider, seen, snapshots)
  if (typeof verdict === 'object' && verdict.class === 'orphan') return last
  throw refused(thing, last, 'notConfirmed', `${thing.id} is not certainly an orphan now; survey again.`)
}

async function removalOf(
  parts: CleaningParts,
  provider: RegisteredDriver,
  thing: Thing,
  seen: Observation,
  last: Snapshot | undefined,
): Promise<Removal> {
  const { driver, capabilities } = provider
  const unsupported = () =>
    refused(thing, last, 'cleanUnsupported', `The provider cannot remove ${thing.id} by itself.`)
  if (isDeleted(thing.kind)) {
    const verb = deletions[thing.kind]
    if (!driver[verb]) throw unsupported()
    return { verb, args: {} }
  }
  if (capabilities.attachmentsOnDestroy === 'deletes' && (await holdsVolumes(parts, provider, thing.id)))
    throw refused(
      thing,
      last,
      'holdsVolumes',
      `The provider would delete the volumes of ${thing.id} with it; detach them there first.`,
    )
  const off = { verb: 'instancePower', args: { want: 'off', mode: 'hard', generation: seen.generation ?? 1 } }
  if (capabilities.destroy === 'viaStop' && driver.instancePower) return off
  if (capabilities.destroy !== 'native') throw unsupported()
  if (needsOffFirst(capabilities, seen) && driver.instancePower) {
    const { clock, owner } = parts
    const asked = { ...off, resource: thing.id, token: `clean.${parts.nextId()}` }
    const outcome = await callAtOnce({ provider, clock, owner }, asked)
    if (outcome.kind === 'rejected')
      throw refused(thing, last, 'providerRefused', `The provider refused it: ${outcome.error.message}`)
  }
  return { verb: 'instanceDestroy', args: {} }
}

const needsOffFirst = ({ destroyFrom }: Capabilities, { facts: { status } }: Observation): boolean =>
  status === 'suspended'
    ? !destroyFrom.includes('suspended')
    : (status === 'running' || status === 'paused') && !destroyFrom.includes('running')

async function holdsVolumes({ questions }: CleaningParts, provider: RegisteredDriver, id: string): Promise<boolean> {
  const connections: ResourceKind = 'attachment'
  for await (const page of survey(provider, connections, questions))
    if (page.some(each => each.id.startsWith(`${id}/`))) return true
  return false
}

/** Whether a history says so: that of a resource that has ended, if its kind knows such an event. */
async function record(
  { catalogue, report }: CleaningParts,
  last: Snapshot | undefined,
  { kind, id }: Thing,
  token: string,
  actor: string,
): Promise<boolean> {
  const { name, presence } = (last && catalogue.kind(last.kind).kind) ?? {}
  if (!last || presence?.cleaned === undefined) return false
  const type = `${name}.${presence.cleaned}`
  return (await report({ resource: last.resource, type, data: { token, kind, id }, actor })) === 'taken'
}

const silent = ({ provider, id }: Thing) =>
  new Unavailable(
    'providerSilent',
    `The provider '${provider}' does not say what there is of '${id}'; try again later.`,
  )

function refused({ kind, id }: Thing, last: Snapshot | undefined, code: string, sentence: string): Refused {
  const reasons = [{ requirement: 'orphan', code, sentence }]
  const state = last ? visible(last.state) : 'absent'
  return new Refused([{ command: 'clean', kind, resource: id, state, reasons, allowed: [], index: 0 }])
}
