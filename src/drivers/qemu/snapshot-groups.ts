/**
 * Snapshots of several volumes at one moment. Those of a machine that has them open begin together; the others are held
 * still, and copied before. All are made under private names, and none is there before all of them are.
 */
import type { Facts, Outcome, SnapshotGroupSpec } from '../driver.ts'
import { done, rejected } from '../outcomes.ts'
import { backUp, type Copy, dismissBackUps, endBackUps, MomentLost, makerOf } from './backup.ts'
import { diskAt, diskFacts } from './disks.ts'
import { publish, remove } from './files.ts'
import { type Host, namedOnly } from './host.ts'
import { outcomeOf, Refusal } from './outcome-of.ts'
import { isThere } from './pool.ts'
import { copyWhole } from './qemu-img.ts'
import type { GroupRecord, SnapshotRecord } from './records.ts'
import { same } from './volume-calls.ts'
import type { Call } from './work.ts'

const specOnly = (id: string, { members }: SnapshotGroupSpec): void => {
  const names = new Set(members.flatMap(({ snapshot, volume }) => [`snapshot ${snapshot}`, `volume ${volume}`]))
  if (members.length > 0 && names.size === members.length * 2) return
  throw new Refusal('invalid', `group ${id}: its members are one or more, each with a snapshot and a volume of its own`)
}

const factsOf = async ({ pool }: Host, { members }: SnapshotGroupSpec): Promise<Facts> => {
  const each = members.map(
    async ({ snapshot }) => [snapshot, diskFacts((await diskAt(pool.snapshot(snapshot)))!)] as const,
  )
  return { members: Object.fromEntries(await Promise.all(each)) as Facts[string] }
}

/** Throws the Refusal of a group that can not be. */
const membersOnly = async ({ pool, records }: Host, id: string, { members }: SnapshotGroupSpec): Promise<void> => {
  for (const { snapshot, volume } of members) {
    namedOnly('snapshot', snapshot)
    namedOnly('volume', volume)
    const known = records.any('volumeSnapshot', snapshot)
    if (known && known.group !== id) throw new Refusal('conflict', `group ${id}: snapshot ${snapshot} exists already`)
    if (known?.goneAt !== undefined)
      throw new Refusal('conflict', `snapshot ${snapshot} was deleted; an id is used once`)
    if (!records.get('volume', volume) || !(await diskAt(pool.volume(volume))))
      throw new Refusal('notFound', `group ${id}: there is no volume ${volume}`)
  }
}

/** The one machine that runs with some of them. */
const groupMakerOf = async (host: Host, id: string, { members }: SnapshotGroupSpec) => {
  const makers = await Promise.all(members.map(({ volume }) => makerOf(host, volume)))
  const [maker, ...others] = makers.filter(each => each !== undefined)
  if (others.some(({ instance }) => instance !== maker!.instance))
    throw new Refusal('precondition', `group ${id}: two running instances have no moment in common`)
  return maker
}

const begun = async (host: Host, call: Call, spec: SnapshotGroupSpec): Promise<GroupRecord> => {
  const { records, owner, now } = host
  const { id, context } = call
  await membersOnly(host, id, spec)
  const madeBy = await groupMakerOf(host, id, spec)
  const record: GroupRecord = {
    ...{ kind: 'snapshotGroup', id, owner, token: context.token, madeAt: now() },
    ...{ spec, madeBy, isComplete: false },
  }
  return records.keep(record)
}

/** Whoever was killed when the group was written down had not written down all of its members. */
const keepMembers = async ({ records }: Host, { id: group, spec, owner, token, madeAt, madeBy }: GroupRecord) => {
  const common = { owner, token, madeAt, madeBy, group }
  for (const { snapshot, volume } of spec.members)
    if (!records.any('volumeSnapshot', snapshot))
      await records.keep({
        ...{ kind: 'volumeSnapshot', id: snapshot, ...common, spec: { volume } },
        image: records.any('volume', volume)?.image,
      } satisfies SnapshotRecord)
}

/** As if there had never been one. */
export async function dropGroup(host: Host, group: GroupRecord): Promise<void> {
  await dropMembers(host, group)
  await host.records.drop(group)
}

async function dropMembers(host: Host, group: GroupRecord): Promise<void> {
  const { records, pool } = host
  const { members } = group.spec
  if (group.madeBy) await endBackUps(host, group.madeBy, members)
  for (const { snapshot } of members) {
    for (const left of [pool.backup(snapshot), pool.snapshot(snapshot)]) await remove(left)
    const record = records.any('volumeSnapshot', snapshot)
    if (record?.group === group.id) await records.drop(record)
  }
}

const store = async (host: Host, call: Call, group: GroupRecord, signal: AbortSignal): Promise<Outcome | undefined> => {
  const { pool, records } = host
  const { members } = group.spec
  const users = await Promise.all(members.map(({ volume }) => makerOf(host, volume)))
  const isLive = (copy: Copy) => users[members.indexOf(copy)] !== undefined
  const live = members.filter(isLive)
  const isPublished = members.some(({ snapshot }) => isThere(pool.snapshot(snapshot)))
  const copyQuiet = async () => {
    for (const copy of members) {
      if (isLive(copy)) continue
      // Of an earlier attempt, and perhaps of another moment.
      await remove(pool.backup(copy.snapshot))
      await copyWhole(pool.backup(copy.snapshot), pool.volume(copy.volume), signal)
    }
  }
  if (!isPublished) {
    const pending = group.madeBy ? await backUp(host, call, group.madeBy, live, copyQuiet) : await copyQuiet()
    if (pending) return pending
  }
  for (const { snapshot } of members)
    if (isThere(pool.backup(snapshot))) await publish(pool.backup(snapshot), pool.snapshot(snapshot))
  await records.keep({ ...group, isComplete: true })
  return undefined
}

async function taken(host: Host, call: Call, signal: AbortSignal): Promise<Outcome> {
  const { records, owner } = host
  const { id, context } = call
  const spec = call.spec as SnapshotGroupSpec
  const known = records.any('snapshotGroup', id)
  if (known && (known.owner !== owner || !same(known.spec, spec)))
    return rejected('conflict', `group ${id} exists with another owner or specification`)
  if (known?.isComplete) {
    const missing = spec.members.find(({ snapshot }) => !records.get('volumeSnapshot', snapshot))
    if (missing)
      return rejected('conflict', `group ${id}: snapshot ${missing.snapshot} was deleted; an id is used once`)
    if (known.madeBy) await dismissBackUps(host, known.madeBy, spec.members)
    return done(await factsOf(host, spec), true)
  }
  if (known?.lostToken === context.token) {
    // Whoever found it lost may have been killed before all of it was away.
    await dropMembers(host, known)
    return rejected('precondition', `group ${id}: its machine ended while it was being made`)
  }
  const group = known && known.lostToken === undefined ? known : await begun(host, call, spec)
  try {
    await keepMembers(host, group)
    const pending = await store(host, call, group, signal)
    if (pending) return pending
  } catch (error) {
    if (error instanceof MomentLost) {
      await dropMembers(host, await records.keep({ ...group, lostToken: context.token }))
      throw new Refusal('precondition', `group ${id}: ${error.message}`)
    }
    if (outcomeOf(call, error, signal).kind === 'rejected') {
      // Lost first: whoever is killed before all of it is away would begin it again, at a later moment.
      await dropGroup(host, await records.keep({ ...group, lostToken: context.token }))
    }
    throw error
  }
  // All of it is there, whatever becomes of the machine.
  if (group.madeBy) await dismissBackUps(host, group.madeBy, spec.members)
  return done(await factsOf(host, spec))
}

export async function volumeSnapshotGroupEnsure(host: Host, call: Call, signal: AbortSignal): Promise<Outcome> {
  const spec = call.spec as SnapshotGroupSpec
  namedOnly('group', call.id)
  specOnly(call.id, spec)
  // From the first moment on nobody else writes to those that no machine has.
  const held = spec.members.reduce(
    (work, { volume }) =>
      () =>
        host.copied.during(volume, work),
    () => taken(host, call, signal),
  )
  return held()
}
