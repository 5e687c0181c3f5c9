import type { Clauses } from './clauses.ts'
import { event } from './samples.ts'

/** Commits of 1, 2, 3, 4, 1, ... events of seven streams, as a list of commits. */
const commits = (count: number) => {
  let position = 0
  const versions = new Map<string, number>()
  return Array.from({ length: count }, (_, index) =>
    Array.from({ length: (index % 4) + 1 }, () => {
      position += 1
      const resource = `i-${(position * 5) % 7}`
      const version = (versions.get(resource) ?? 0) + 1
      versions.set(resource, version)
      return event(position, resource, version)
    }),
  )
}

export const positionClauses: Clauses = [
  {
    title: 'reads the log in order of position, whole, in chunks of any size',
    proof: async session => {
      await session.open()
      const all = commits(50)
      for (const events of all) await session.commit({ events })
      for (const size of [1, 2, 7, 64, 1_000]) {
        const read = []
        for (;;) {
          const chunk = await session.store.log(read.at(-1)?.position ?? 0, size)
          if (chunk.length === 0) break
          session.expect(chunk.length <= size).toBe(true)
          read.push(...chunk)
        }
        session.expect(read).toEqual(all.flat())
      }
    },
  },
  {
    title: 'shares the log out by resource: each event is in one share, whole streams in order, in chunks of any size',
    proof: async session => {
      await session.open()
      const ids = ['', '/', 'a/b', 'zone/ä', ...Array.from({ length: 40 }, (_, index) => `i-${index.toString(16)}`)]
      const events = ids.map((resource, index) => event(index + 1, resource, 1))
      const again = ids.map((resource, index) => event(ids.length + index + 1, resource, 2))
      await session.commit({ events: [...events, ...again] })
      for (const parts of [1, 2, 3, 7]) {
        const shares = []
        for (let part = 0; part < parts; part += 1) {
          const read = []
          for (;;) {
            const chunk = await session.store.log(read.at(-1)?.position ?? 0, 5, { part, parts })
            if (chunk.length === 0) break
            session.expect(chunk.length <= 5).toBe(true)
            read.push(...chunk)
          }
          const positions = read.map(({ position }) => position)
          session.expect(positions).toEqual([...positions].sort((a, b) => a - b))
          const resources = new Set(read.map(({ resource }) => resource))
          session.expect(read.length).toBe(2 * resources.size)
          shares.push(...read)
        }
        session.expect(shares.sort((a, b) => a.position - b.position)).toEqual([...events, ...again])
      }
      // Parts that follow each other, read as one share, are these parts.
      for (const [first, count] of [
        [0, 5],
        [2, 3],
        [5, 2],
      ] as const) {
        const positions = async (part: number, several?: number) =>
          (await session.store.log(0, 1_000, { part, parts: 7, count: several })).map(({ position }) => position)
        const each = await Promise.all(Array.from({ length: count }, (_, index) => positions(first + index)))
        session.expect(await positions(first, count)).toEqual(each.flat().sort((a, b) => a - b))
      }
    },
  },
  {
    title: 'gives the log resource by resource, where it can: whole streams in order, and none of what came later',
    proof: async session => {
      await session.open()
      const all = commits(50)
      for (const events of all) await session.commit({ events })
      for (const size of [1, 7, 1_000]) {
        const whole = await session.store.byResource?.()
        if (!whole) return
        const { position } = whole
        const later = ['i-0', 'i-9'].map((id, index) => event(position + index + 1, id, position + 1))
        await session.commit({ events: later })
        const read = []
        for (let chunk = await whole.next(size); chunk.length > 0; chunk = await whole.next(size)) {
          session.expect(chunk.length <= size).toBe(true)
          read.push(...chunk)
        }
        const ids = read.map(({ resource }) => resource).filter((id, index, each) => id !== each[index - 1])
        session.expect(ids.length).toBe(new Set(ids).size)
        for (const id of ids) {
          const stream = (await session.store.stream(id, 1, 1_000)).filter(each => each.position <= position)
          session.expect(read.filter(({ resource }) => resource === id)).toEqual(stream)
        }
        session.expect(read.length).toBe(position)
        const some = [position, 3, 2]
        const found = await whole.at(some)
        session.expect(found.map(each => each.position)).toEqual([2, 3, position])
        await whole.close()
        await whole.close()
        all.push(later)
      }
    },
  },
  {
    title: 'divides the log by resource into ranges that have all of it, each resource in one',
    proof: async session => {
      await session.open()
      for (const events of commits(50)) await session.commit({ events })
      for (const count of [1, 2, 5, 40]) {
        const whole = await session.store.byResource?.()
        if (!whole) return
        const all = await whole.next(1_000)
        const ranges = await whole.ranges(count)
        session.expect(ranges.length > 0 && ranges.length <= count).toBe(true)
        const read = []
        // In any order, and from the beginning of each, however much of another was read before.
        for (const range of [...ranges].reverse()) {
          whole.seek(ranges[0]!)
          await whole.next(3)
          whole.seek(range)
          const part = []
          for (let chunk = await whole.next(2); chunk.length > 0; chunk = await whole.next(2)) part.push(...chunk)
          read.unshift(...part)
        }
        session.expect(read).toEqual(all)
        await whole.close()
      }
    },
  },
  {
    title: 'gives one position to one of two racers',
    proof: async session => {
      await session.open()
      const racers = ['i-1', 'i-2', 'i-3'].map(resource => session.commit({ events: [event(1, resource, 1)] }))
      session.expect(await session.accepted(racers)).toBe(1)
      session.expect((await session.store.log(0, 10)).length).toBe(1)
    },
  },
  {
    title: 'gives one version to one of two racers',
    proof: async session => {
      await session.open()
      const racers = [1, 2, 3].map(position => session.commit({ events: [event(position, 'i-1', 1)] }))
      session.expect(await session.accepted(racers)).toBe(1)
      session.expect((await session.store.stream('i-1', 1, 10)).length).toBe(1)
    },
  },
  {
    title: 'opens empty at 0, and later at the position and time of the last event',
    proof: async session => {
      session.expect(await session.open()).toMatchObject({ position: 0, at: 0 })
      for (const events of commits(5)) await session.commit({ events })
      const before = await session.picture()
      session.expect(await session.reopen()).toMatchObject({ position: 11, at: 1_011 })
      session.expect(await session.picture()).toEqual(before)
    },
  },
]
