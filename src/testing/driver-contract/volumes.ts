import { bootsFromVolume, type Clauses, firstOf, hasVolumes, repeatsSafely, unless } from './clauses.ts'
import { newId, rootVolumeOf } from './session.ts'

export const volumeClauses: Clauses = [
  {
    title: 'makes a volume that is observed and listed with the size it answered',
    skip: hasVolumes,
    proof: async session => {
      const id = newId('vol')
      const made = await session.done('volumeEnsure', id, session.volumeSpec())
      session.expect(made.already).toBe(false)
      session.expect(made.facts.sizeBytes).toBe(session.sizeBytes)
      const seen = await session.observe('volume', id)
      session.expect(seen).toMatchObject({ kind: 'volume', id, exists: 'yes' })
      session.expect(seen.facts.sizeBytes).toBe(session.sizeBytes)
      session.expect(await session.countListed('volume', id)).toBe(1)
    },
  },
  {
    title: 'makes a volume from an image',
    skip: unless(declared => declared.canCreateVolumeFromImage, 'it makes no volumes from images'),
    proof: async session => {
      const id = await session.volume({ kind: 'image', id: session.image })
      session.expect((await session.observe('volume', id)).exists).toBe('yes')
      session.expect((await session.done('volumeDelete', id, {})).already).toBe(false)
    },
  },
  {
    title: 'finds a volume made already when the call is repeated with its token, and makes no second one',
    skip: firstOf(hasVolumes, repeatsSafely),
    proof: async session => {
      const [id, token] = [newId('vol'), newId('token')]
      await session.done('volumeEnsure', id, session.volumeSpec(), token)
      for (let attempt = 2; attempt < 5; attempt++) {
        const again = await session.ended(
          await session.once('volumeEnsure', id, session.volumeSpec(), token, attempt),
          token,
        )
        session.expect(again).toMatchObject({ kind: 'done', already: true, facts: { sizeBytes: session.sizeBytes } })
      }
      session.expect(await session.countListed('volume', id, token)).toBe(1)
    },
  },
  {
    title: 'makes one volume even when the same call arrives twice at once',
    skip: firstOf(hasVolumes, repeatsSafely),
    proof: async session => {
      const [id, token] = [newId('vol'), newId('token')]
      const twice = [1, 2].map(attempt => session.once('volumeEnsure', id, session.volumeSpec(), token, attempt))
      for (const outcome of await Promise.all(twice)) await session.ended(outcome, token)
      await session.done('volumeEnsure', id, session.volumeSpec(), token)
      session.expect(await session.countListed('volume', id, token)).toBe(1)
    },
  },
  {
    title: 'refuses the id of a volume with another size as a conflict, and leaves that volume as it is',
    skip: firstOf(
      hasVolumes,
      unless(declared => declared.idempotency.by === 'id', 'its ids do not identify'),
    ),
    proof: async session => {
      const id = await session.volume()
      const larger = session.sizeBytes + session.declared.volume.stepBytes
      await session.refused('volumeEnsure', id, { ...session.volumeSpec(), sizeBytes: larger }, 'conflict')
      session.expect((await session.observe('volume', id)).facts.sizeBytes).toBe(session.sizeBytes)
    },
  },
  {
    title: 'refuses a size outside its limits, and a zone it does not have',
    skip: hasVolumes,
    proof: async session => {
      const id = newId('vol')
      await session.refused('volumeEnsure', id, { ...session.volumeSpec(), sizeBytes: 0 }, 'invalid')
      await session.refused('volumeEnsure', id, { ...session.volumeSpec(), zone: 'no-such-zone' }, 'invalid')
      session.expect((await session.observe('volume', id)).exists).toBe('no')
    },
  },
  {
    title: 'makes volumes of the least and the largest size it declares, in its steps, and of none between or beyond',
    skip: hasVolumes,
    proof: async session => {
      const { minBytes, maxBytes, stepBytes } = session.declared.volume
      const make = (sizeBytes: number) => ({ ...session.volumeSpec(), sizeBytes })
      const leastBytes = Math.ceil(minBytes / stepBytes) * stepBytes
      for (const sizeBytes of [leastBytes, leastBytes + stepBytes, session.sizeBytesMax])
        await session.done('volumeEnsure', newId('vol'), make(sizeBytes))
      const beyond = [leastBytes - stepBytes, leastBytes + stepBytes / 2, maxBytes + stepBytes]
      for (const sizeBytes of beyond.filter(each => Number.isSafeInteger(each) && each > 0))
        await session.refused('volumeEnsure', newId('vol'), make(sizeBytes), 'invalid')
    },
  },
  {
    title: 'deletes a volume; deleting it again, or one that never was, is done already',
    skip: hasVolumes,
    proof: async session => {
      const id = await session.volume()
      session.expect((await session.done('volumeDelete', id, {})).already).toBe(false)
      session.expect((await session.observe('volume', id)).exists).toBe('no')
      session.expect(await session.countListed('volume', id)).toBe(0)
      session.expect((await session.done('volumeDelete', id, {})).already).toBe(true)
      session.expect((await session.done('volumeDelete', newId('vol'), {})).already).toBe(true)
    },
  },
  {
    title: 'does not bring a deleted volume back, empty, when its creation is repeated late',
    skip: firstOf(hasVolumes, repeatsSafely),
    proof: async session => {
      const [id, token] = [newId('vol'), newId('token')]
      await session.done('volumeEnsure', id, session.volumeSpec(), token)
      await session.done('volumeDelete', id, {})
      await session.ask('volumeEnsure', id, session.volumeSpec(), token)
      session.expect((await session.observe('volume', id)).exists).toBe('no')
    },
  },
  {
    title: 'never deletes the disk of an instance',
    skip: unless((_, { driver }) => driver.volumeDelete, 'it deletes no volumes'),
    proof: async session => {
      const { id, spec } = await session.running()
      const volume = rootVolumeOf(spec)
      if (volume === undefined) return
      await session.refused('volumeDelete', volume, {}, 'precondition')
      session.expect((await session.observe('volume', volume)).exists).toBe('yes')
      session.expect((await session.observe('instance', id)).facts.status).toBe('running')
    },
  },
  {
    title: 'grows a volume, and never shrinks one',
    skip: unless(declared => declared.volume.grow !== 'none', 'its volumes do not grow'),
    proof: async session => {
      const id = await session.volume()
      const sizeBytes = session.sizeBytes * 2
      session.expect((await session.done('volumeResize', id, { sizeBytes })).facts.sizeBytes).toBe(sizeBytes)
      session.expect((await session.done('volumeResize', id, { sizeBytes })).already).toBe(true)
      // Whether it says "large enough already" or "no", nothing may be lost.
      await session.ask('volumeResize', id, { sizeBytes: session.sizeBytes })
      session.expect((await session.observe('volume', id)).facts.sizeBytes).toBe(sizeBytes)
    },
  },
  {
    title: 'grows the disk of a running instance only where it declares to',
    skip: firstOf(
      bootsFromVolume,
      unless(declared => declared.volume.grow !== 'none', 'its volumes do not grow'),
    ),
    proof: async session => {
      const { spec } = await session.running(await session.instanceSpec('volume'))
      const volume = rootVolumeOf(spec)!
      const sizeBytes = session.sizeBytes * 2
      if (session.declared.volume.grow === 'online') await session.done('volumeResize', volume, { sizeBytes })
      else await session.refused('volumeResize', volume, { sizeBytes }, 'precondition')
    },
  },
  {
    title: 'changes the type of a volume and keeps its size, only where it declares to',
    skip: unless(({ volume }) => volume.grow !== 'none' || volume.retype, 'its volumes do not change'),
    proof: async session => {
      const id = await session.volume()
      const other = { sizeBytes: session.sizeBytes, volumeType: 'gp3', iops: 4000, throughputMiBps: 200 }
      if (!session.declared.volume.retype) return session.refused('volumeResize', id, other, 'unsupported')
      await session.done('volumeResize', id, other)
      session.expect((await session.done('volumeResize', id, other)).already).toBe(true)
      session.expect((await session.observe('volume', id)).facts.sizeBytes).toBe(session.sizeBytes)
    },
  },
  {
    title: 'makes an encrypted volume, or says that it has none',
    skip: hasVolumes,
    proof: async session => {
      const [id, spec] = [newId('vol'), { ...session.volumeSpec(), encrypted: true }]
      if (!session.declared.volume.encrypt) return session.refused('volumeEnsure', id, spec, 'unsupported')
      await session.done('volumeEnsure', id, spec)
      // A plain disk under the same id is another disk.
      if (session.declared.idempotency.by === 'id')
        await session.refused('volumeEnsure', id, session.volumeSpec(), 'conflict')
    },
  },
  {
    title: 'refuses to grow a volume that does not exist',
    skip: unless(declared => declared.volume.grow !== 'none', 'its volumes do not grow'),
    proof: session => session.refused('volumeResize', newId('vol'), { sizeBytes: session.sizeBytes }, 'notFound'),
  },
]
