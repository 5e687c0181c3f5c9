/**
 * What the simulated provider does with snapshots. The moment one keeps is fixed when the call is first accepted; the
 * volume may grow, move or go away afterwards, also while the rest is still being stored.
 */
import type { Outcome, SnapshotSpec } from '../driver.ts'
import { done, partlyDone, rejected } from '../outcomes.ts'
import { computes } from './capacity.ts'
import { remakes, strayOf } from './identity.ts'
import { factsOf, referenceOf, type SnapshotRecord } from './records.ts'
import type { World } from './world.ts'

const found = (snapshot: SnapshotRecord, already: boolean): Outcome =>
  done(factsOf(snapshot), already, referenceOf(snapshot))

/** As it is asked for, alone or by a group. */
type Asked = SnapshotSpec & { readonly group?: string }

const sameSnapshot = (a: Asked, b: Asked): boolean =>
  a.volume === b.volume &&
  a.from?.snapshot === b.from?.snapshot &&
  a.encrypted === b.encrypted &&
  a.kmsKey === b.kmsKey &&
  a.group === b.group

/** What there is to keep, or why there is nothing. */
type Kept = Pick<SnapshotRecord, 'sizeBytes' | 'live' | 'content'>
const isRefusal = (kept: Kept | Outcome): kept is Outcome => 'kind' in kept

const contentOf = (world: World, id: string, { volume, from }: SnapshotSpec): Kept | Outcome => {
  if (volume !== undefined) return volumeContent(world, id, volume)
  if (from === undefined) return rejected('invalid', `snapshot ${id}: neither a volume nor a snapshot is named`)
  const original = world.snapshots.get(from.snapshot)
  if (original === undefined || original.incomplete)
    return rejected('notFound', `snapshot ${id}: there is no complete snapshot ${from.snapshot}`)
  if (original.owner !== world.owner) return rejected('denied', `snapshot ${original.id} belongs to ${original.owner}`)
  return { sizeBytes: original.sizeBytes, live: original.live, content: original.content }
}

const volumeContent = (world: World, id: string, name: string): Kept | Outcome => {
  const volume = world.volumes.get(name)
  if (volume === undefined || volume.incomplete)
    return rejected('notFound', `snapshot ${id}: there is no volume ${name}`)
  if (volume.owner !== world.owner) return rejected('denied', `volume ${name} belongs to ${volume.owner}`)
  const state = volume.users.length > 0 ? 'in-use' : 'available'
  if (!world.abilities.volumeSnapshot.of.includes(state))
    return rejected('precondition', `snapshot ${id}: volume ${name} is ${state}, and this provider takes none of those`)
  const users = volume.users.map(user => world.instances.get(user))
  const live = users.some(user => user !== undefined && computes(user))
  if (live && !world.abilities.volumeSnapshot.live)
    return rejected(
      'precondition',
      `snapshot ${id}: a guest runs with volume ${name}, and this provider waits for none`,
    )
  return { sizeBytes: volume.sizeBytes, live, content: volume.content }
}

/** One that this call has made or begun: repeated, it makes no other. */
const begunBefore = (world: World, id: string, token: string): SnapshotRecord | undefined => {
  const existing = world.snapshots.get(id)
  if (existing === undefined) return undefined
  const resumes = existing.incomplete === 'making' && existing.token === token
  return resumes || !remakes(world, existing, token) ? existing : undefined
}

/** Why there can be no such snapshot; undefined if there can, or is. */
export const snapshotProblem = (world: World, id: string, spec: Asked, token: string): Outcome | undefined => {
  const before = begunBefore(world, id, token)
  if (before !== undefined) {
    if (before.owner !== world.owner || !sameSnapshot(before.spec, spec))
      return rejected('conflict', `snapshot ${id} exists with another owner or specification`)
    return before.incomplete === 'removing' ? rejected('conflict', `snapshot ${id} is being deleted`) : undefined
  }
  if (!world.snapshots.has(id) && world.gone('volumeSnapshot', id) && world.abilities.idempotency.by !== 'none')
    return rejected('conflict', `snapshot ${id} was deleted; an id is used once`)
  const content = contentOf(world, id, spec)
  return isRefusal(content) ? content : undefined
}

export const volumeSnapshotEnsure = (world: World, id: string, spec: Asked, token: string, half: boolean): Outcome => {
  const problem = snapshotProblem(world, id, spec, token)
  if (problem) return problem
  const before = begunBefore(world, id, token)
  if (before !== undefined) {
    if (before.incomplete === undefined) return found(before, true)
    if (half) return partlyDone(`snapshot ${id} is half stored`)
    world.alter(before, snapshot => {
      snapshot.incomplete = undefined
    })
    return found(before, false)
  }
  const snapshot: SnapshotRecord = {
    kind: 'volumeSnapshot',
    id: world.snapshots.has(id) ? strayOf(world, id) : id,
    askedFor: id,
    nth: world.made(id) + 1,
    sequence: world.nextSequence(),
    owner: world.owner,
    token,
    madeAt: world.now(),
    incomplete: half ? 'making' : undefined,
    spec,
    ...(contentOf(world, id, spec) as Kept),
  }
  world.add(snapshot)
  return half ? partlyDone(`snapshot ${id} is half stored`) : found(snapshot, false)
}

export const volumeSnapshotDelete = (world: World, id: string, _: unknown, __: string, half: boolean): Outcome => {
  const snapshot = world.snapshots.get(id)
  if (snapshot === undefined) return done({}, true)
  if (snapshot.owner !== world.owner) return rejected('denied', `snapshot ${id} belongs to ${snapshot.owner}`)
  if (half) {
    world.alter(snapshot, leaving => {
      leaving.incomplete = 'removing'
    })
    return partlyDone(`snapshot ${id} is half deleted`)
  }
  const { group } = snapshot.spec
  // Without one of its members, a group that is not complete is none.
  if (group !== undefined && snapshot.incomplete === 'making')
    for (const each of [...world.snapshots.values()])
      if (each.incomplete === 'making' && each.spec.group === group) world.remove(each)
  if (world.snapshots.get(id) === snapshot) world.remove(snapshot)
  return done({})
}
