/** What an instance boots from, and whose the writes of its guest are. (spec: stateful-and-deltacloud 3a.2, 3a.5.) */
import {
  bootsFromVolume,
  type Clauses,
  canDestroy,
  canStart,
  canStop,
  firstOf,
  hasVolumes,
  makesRoots,
  speaksWithGuests,
  takesSnapshots,
  unless,
} from './clauses.ts'
import { type Made, newId, rootVolumeOf, rootWayOf, type Session } from './session.ts'

const runsOnImages = unless(declared => declared.runsOnImage, 'no instance of it runs on an image')
const findsImages = unless(
  ({ imageExclusive }, { freshImage }) => freshImage || !imageExclusive,
  'it has no image that nobody uses',
)
const clones = unless(declared => declared.canCloneImage, 'it clones no images')

/** Runs on the image itself, started apart where the provider only makes it. */
const onImage = async (session: Session, image: string): Promise<Made> =>
  session.running({ ...(await session.instanceSpec('image')), image })

export const rootClauses: Clauses = [
  {
    title: 'makes an instance a root of its own: the volume of the name that was asked for, which it keeps',
    skip: makesRoots,
    proof: async session => {
      const made = [await session.running(), await session.running()]
      for (const { id, spec } of made) {
        const volume = rootVolumeOf(spec)!
        const root = { kind: 'private', volume }
        session.expect((await session.observe('instance', id)).facts).toMatchObject({ root })
        session.expect((await session.observe('volume', volume)).exists).toBe('yes')
        session.expect(await session.countListed('volume', volume)).toBe(1)
        if (session.driver.volumeDelete) await session.refused('volumeDelete', volume, {}, 'precondition')
      }
    },
  },
  {
    title: 'makes the root of an instance in the pool it is told, where it has pools to move volumes between',
    skip: firstOf(
      makesRoots,
      unless(({ volume }) => volume.migrate !== 'none', 'it moves no volumes'),
    ),
    proof: async session => {
      for (const pool of session.pools) {
        const [id, volume] = [newId('i'), newId('vol')]
        const spec = { ...(await session.instanceSpec()), root: { kind: 'private' as const, volume, pool } }
        await session.done('instanceEnsure', id, spec)
        session.expect((await session.observe('volume', volume)).facts.pool).toBe(pool)
      }
    },
  },
  {
    title: 'keeps what one guest writes from its image and from every other instance of it',
    skip: firstOf(
      speaksWithGuests,
      unless(declared => rootWayOf(declared) !== 'image', 'its instances run on their images'),
    ),
    proof: async session => {
      const { write, read } = session.subject.guests!
      const [first, before] = [await session.running(), await session.running()]
      await write!(first.id, 'mine')
      const after = await session.running()
      session.expect(await read!(first.id)).toBe('mine')
      for (const { id } of [before, after]) session.expect(await read!(id)).toBe('')
    },
  },
  {
    title: 'runs an instance on its image, which keeps what the guest writes, or says that it can not',
    skip: firstOf(findsImages, canDestroy),
    proof: async session => {
      const image = await session.unusedImage()
      const spec = { ...(await session.instanceSpec('image')), image }
      if (!session.declared.runsOnImage) return session.refused('instanceEnsure', newId('i'), spec, 'unsupported')
      const { id } = await session.running(spec)
      session.expect((await session.observe('instance', id)).facts).toMatchObject({ root: { kind: 'image' } })
      const { write, read } = session.subject.guests ?? {}
      await write?.(id, 'mine')
      await session.destroy(id)
      const next = await onImage(session, image)
      if (write && read) session.expect(await read(next.id)).toBe('mine')
    },
  },
  {
    title: 'lets several instances run on one image, or one at a time, as it declares',
    skip: firstOf(runsOnImages, findsImages, canDestroy),
    proof: async session => {
      const image = await session.unusedImage()
      const first = await onImage(session, image)
      const [second, spec] = [newId('i'), { ...(await session.instanceSpec('image')), image }]
      if (session.declared.imageExclusive) {
        await session.refused('instanceEnsure', second, spec, 'precondition')
        session.expect((await session.observe('instance', second)).exists).toBe('no')
        await session.destroy(first.id)
      }
      await session.done('instanceEnsure', second, spec)
    },
  },
  {
    title: 'clones an image, and boots an instance from the clone',
    skip: clones,
    proof: async session => {
      const spec = await session.instanceSpec('clone')
      const { id } = await session.running(spec)
      const root = { kind: 'volume', volume: rootVolumeOf(spec) }
      session.expect((await session.observe('instance', id)).facts).toMatchObject({ status: 'running', root })
    },
  },
  {
    title: 'deletes a clone when no instance has it any more',
    skip: firstOf(
      clones,
      canDestroy,
      unless(declared => declared.canDeleteClone, 'it deletes no clones'),
    ),
    proof: async session => {
      const { id, spec } = await session.running(await session.instanceSpec('clone'))
      const clone = rootVolumeOf(spec)!
      await session.refused('volumeDelete', clone, {}, 'precondition')
      await session.destroy(id)
      const { exists } = await session.observe('volume', clone)
      session.expect((await session.done('volumeDelete', clone, {})).already).toBe(exists === 'no')
      session.expect((await session.observe('volume', clone)).exists).toBe('no')
    },
  },
  {
    title: 'lets an image go before the disks that were made of it only where those are full copies',
    skip: firstOf(
      unless(
        (declared, { removeImage, freshImage }) =>
          (declared.canDeleteImage || removeImage) && freshImage && rootWayOf(declared) !== 'image',
        'nobody can take its images away',
      ),
      unless(declared => ['private', 'clone'].includes(rootWayOf(declared)), 'it makes no disks of images'),
    ),
    proof: async session => {
      const image = await session.unusedImage()
      const way = rootWayOf(session.declared)
      const spec = way === 'private' ? { ...(await session.instanceSpec()), image } : undefined
      if (spec) await session.running(spec)
      else await session.volume({ kind: 'image', id: image })
      const remove = async () => (await session.ask('imageDelete', image, {})).kind === 'done'
      const removed = await (session.declared.canDeleteImage ? remove() : session.subject.removeImage!(image))
      session.expect(removed).toBe(session.declared.cloneKind === 'full')
    },
  },
  {
    title: 'boots from any volume, or says that it does not',
    skip: hasVolumes,
    proof: async session => {
      const spec = await session.instanceSpec('volume')
      if (session.declared.bootFromVolume) await session.running(spec)
      else await session.refused('instanceEnsure', newId('i'), spec, 'unsupported')
    },
  },
  {
    title: 'boots from a volume that was made of a snapshot, or says that it does not',
    skip: firstOf(
      bootsFromVolume,
      takesSnapshots,
      unless(({ volumeSnapshot }) => volumeSnapshot.of.includes('available'), 'it takes no snapshots of free volumes'),
    ),
    proof: async session => {
      const { id } = await session.snapshot()
      const volume = await session.volume({ kind: 'volumeSnapshot', id })
      const spec = await session.instanceSpec('volume')
      const booted = { ...spec, devices: [{ device: '/dev/vda', volume, root: true }] }
      if (session.declared.bootFromSnapshot) await session.running(booted)
      else await session.refused('instanceEnsure', newId('i'), booted, 'unsupported')
    },
  },
  {
    title: 'keeps what a guest wrote to its root through a stop and a start',
    skip: firstOf(speaksWithGuests, canStop, canStart),
    proof: async session => {
      const { write, read } = session.subject.guests!
      const made = await session.running()
      await write!(made.id, 'mine')
      await session.stop(made.id)
      await session.start(made, 2)
      session.expect(await read!(made.id)).toBe('mine')
    },
  },
]
