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

const sameSnapshot = (a: SnapshotSpec, b: SnapshotSpec): boolean =>
  a.volume === b.volume && a.from?.snapshot === b.from?.snapshot && a.encrypted === b.encrypted && a.kmsKey === b.kmsKey

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

export const volumeSnapshotEnsure = (
  world: World,
  id: string,
  spec: SnapshotSpec,
  token: string,
  half: boolean,
): Outcome => {
  const existing = world.snapshots.get(id)
  const resumes = existing?.incomplete === 'making' && existing.token === token
  if (existing !== undefined && (resumes || !remakes(world, existing, token))) {
    if (existing.owner !== world.owner || !sameSnapshot(existing.spec, spec))
      return rejected('conflict', `snapshot ${id} exists with another owner or specification`)
    if (existing.incomplete === undefined) return found(existing, true)
    if (existing.incomplete === 'removing') return rejected('conflict', `snapshot ${id} is being deleted`)
    if (half) return partlyDone(`snapshot ${id} is half stored`)
    world.alter(existing, snapshot => {
      snapshot.incomplete = undefined
    })
    return found(existing, false)
  }
  if (existing === undefined && world.gone('volumeSnapshot', id) && world.abilities.idempotency.by !== 'none')
    return rejected('conflict', `snapshot ${id} was deleted; an id is used once`)
  const content = contentOf(world, id, spec)
  if (isRefusal(content)) return content
  const snapshot: SnapshotRecord = {
    kind: 'volumeSnapshot',
    id: existing === undefined ? id : strayOf(world, id),
    askedFor: id,
    nth: world.made(id) + 1,
    sequence: world.nextSequence(),
    owner: world.owner,
    token,
    madeAt: world.now(),
    incomplete: half ? 'making' : undefined,
    spec,
    ...content,
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
  world.remove(snapshot)
  return done({})
}
