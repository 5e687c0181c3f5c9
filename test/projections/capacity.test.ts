/** Capacity as folds of the history: the worked examples and the laws of the spec (cloudstack 3.3, 3.4). */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type CapacityFigures,
  type CapacityRow,
  capacityFigures,
  projections,
  sumOf,
  takenBy,
} from '../../projections/index.ts'
import { Book, GiB, Rows } from './capacity-book.ts'

const disks = [
  { volume: 'vol-root', sizeBytes: 10 * GiB },
  { volume: 'vol-data', sizeBytes: 20 * GiB },
]
const memory = { memoryBytes: 2 * GiB }

/** The root is a volume of the engine; its provider makes it; its provider makes it, and may leave it under an id. */
const ownRoots = ['a volume', 'made by its provider', 'made and kept by its provider'] as const
type OwnRoot = (typeof ownRoots)[number]
const nameOfRoot = (root: OwnRoot) => (root === 'made by its provider' ? 'i-1/root' : 'vol-root')

/** One VM: a root of 10 GiB on P1, data of 20 GiB on P2, and 2 GiB of memory. */
function machine(root: OwnRoot = 'a volume') {
  const book = new Book()
  book.pool('p1')
  book.pool('p2')
  const kept = root === 'made and kept by its provider' ? nameOfRoot(root) : undefined
  if (root !== 'a volume') book.launchWithRoot('i-1', 10 * GiB, { pool: 'p1', kept })
  else {
    book.launch('i-1')
    book.volume('vol-root', 10 * GiB, { pool: 'p1', instance: 'i-1' })
  }
  book.volume('vol-data', 20 * GiB, { pool: 'p2', instance: 'i-1' })
  return book
}
type Story = (book: Book) => void
const keep =
  (snapshot: string, parent: string | undefined, of: object = {}): Story =>
  book =>
    book.keep(snapshot, 'i-1', disks, { parent, ...of })
const revert =
  (snapshot: string): Story =>
  book =>
    book.revert(snapshot, 'i-1', disks)
const chain = (of: object) => [keep('s1', undefined, of), keep('s2', 's1', of), keep('s3', 's2', of)]
const fork = [keep('s1', undefined, memory), keep('s2', 's1', memory), revert('s1'), keep('s3', 's1')]

/** In GiB, beyond the 30 that are allocated. */
const branch = ({ branchBytes, memoryBytes }: CapacityFigures) => (branchBytes + memoryBytes) / GiB
const upper = ({ upperBoundBytes, memoryBytes, allocatedBytes }: CapacityFigures) =>
  (upperBoundBytes + memoryBytes - allocatedBytes) / GiB

/** The same story of an instance with another root. */
function told(stories: readonly Story[], root: OwnRoot): Book {
  const book = machine(root)
  const count = book.events.length
  for (const story of stories) story(book)
  const said = JSON.stringify(book.events.splice(count)).replaceAll('"vol-root"', JSON.stringify(nameOfRoot(root)))
  book.events.push(...JSON.parse(said))
  return book
}

describe('capacity of an instance with VM snapshots', () => {
  it.each(ownRoots)('is split by pool, with memory on the pool of the root, which is %s (K6)', async root => {
    const book = told(fork, root)
    const rows = await book.folded()
    const claimed = await book.folded(projections.pools)
    for (const each of [rows, claimed]) {
      const [p1, p2] = ['pool/p1', 'pool/p2'].map(pool => each.figures(pool))
      expect([p1!.allocatedBytes / GiB, branch(p1!), p2!.allocatedBytes / GiB, branch(p2!)]).toEqual([10, 14, 20, 20])
    }
    const all = rows.figures('account/acme')
    expect([all.allocatedBytes / GiB, branch(all), upper(all), all.volumes]).toEqual([30, 34, 94, 2])
    expect(all).toMatchObject({ snapshotLayers: 6, branchBytes: 30 * GiB, memoryBytes: 4 * GiB })
    expect(rows.figures('zone/lab/a')).toEqual(capacityFigures({}))
  })

  it.each<[string, readonly Story[], number, number, number, number]>([
    ['K1: none', [], 0, 0, 0, 0],
    ['K2: one with memory', [keep('s1', undefined, memory)], 1, 1, 2, 32],
    ['K3: a chain of three with memory', chain(memory), 3, 3, 6, 96],
    ['K4: the same of disks alone', chain({}), 3, 3, 0, 90],
    ['K5: the same, and back to the first', [...chain({}), revert('s1')], 3, 3, 30, 90],
    ['K6: two after the first, which has memory as the second does', fork, 3, 3, 34, 94],
    ['K7: the same without the first', [...fork, book => book.drop('s1', 'i-1')], 2, 2, 32, 62],
    ['K8: the same with the first hidden', [...fork, book => book.hide('s1', 'i-1')], 3, 2, 34, 94],
  ])('%s', async (_, stories, layers, visible, expected, most) => {
    const book = machine()
    for (const story of stories) story(book)
    const rows = await book.folded()
    const figures = rows.figures('account/acme')
    expect([figures.allocatedBytes / GiB, branch(figures), upper(figures)]).toEqual([30, expected, most])
    expect([figures.snapshotLayers, figures.visibleLayers]).toEqual([2 * layers, 2 * visible])
    expect(figures.committedBytes).toBe((30 + expected) * GiB)
    expect(figures.worstCaseBytes).toBe((30 + most) * GiB)
  })

  it('is split by pool, with memory once, on the pool of the root', async () => {
    const book = machine()
    for (const story of fork) story(book)
    const rows = await book.folded()
    expect(['p1', 'p2'].map(pool => branch(rows.figures(`pool/${pool}`)))).toEqual([14, 20])
    expect(branch(rows.figures('vol-root'))).toBe(14)
  })

  it('takes the sizes of then where a disk has grown since', async () => {
    const book = machine()
    keep('s1', undefined)(book)
    book.event('vol-data', 'volume.modifyRequested', { sizeBytes: 50 * GiB })
    book.event('vol-data', 'volume.resized', { sizeBytes: 50 * GiB })
    book.keep('s2', 'i-1', [disks[0]!, { volume: 'vol-data', sizeBytes: 50 * GiB }], { parent: 's1' })
    revert('s1')(book)
    const figures = (await book.folded()).figures('vol-data')
    expect(figures).toMatchObject({ allocatedBytes: 20 * GiB, branchBytes: 50 * GiB, upperBoundBytes: 90 * GiB })
  })

  it('counts a root that its provider made with the instance', async () => {
    const book = new Book()
    book.launch('i-1')
    book.keep('s1', 'i-1', [{ volume: 'i-1/root', sizeBytes: 8 * GiB }], memory)
    book.keep('s2', 'i-1', [{ volume: 'i-1/root', sizeBytes: 8 * GiB }], { parent: 's1' })
    book.revert('s1', 'i-1', [{ volume: 'i-1/root', sizeBytes: 8 * GiB }])
    const rows = await book.folded()
    for (const key of ['i-1', 'account/acme', 'zone/lab/a'])
      expect(rows.figures(key)).toMatchObject({ allocatedBytes: 0, branchBytes: 8 * GiB, memoryBytes: 2 * GiB })
  })

  it('holds what its snapshots keep of a volume that is gone, until they are gone too', async () => {
    const book = machine()
    keep('s1', undefined)(book)
    book.remove('vol-data')
    const held = await book.folded()
    expect(held.figures('pool/p2')).toMatchObject({ allocatedBytes: 0, snapshotLayers: 1, upperBoundBytes: 20 * GiB })
    book.event('s1', 'vm-snapshot.instanceGone', { instance: 'i-1' }, { state: 'removed' })
    const free = await book.folded()
    expect(free.figures('pool/p2')).toEqual(capacityFigures({}))
    expect(free.rows.has('vol-data')).toBe(false)
  })
})

describe('capacity of a volume', () => {
  it('is promised, then there, then on its way out, then nothing', async () => {
    const book = new Book()
    const seen: object[] = []
    const look = async () => {
      const { requestedBytes, allocatedBytes, reclaimableBytes } = (await book.folded()).figures('account/acme')
      seen.push([requestedBytes, allocatedBytes, reclaimableBytes])
    }
    const at = { provider: 'lab', zone: 'a' }
    book.event('v', 'volume.createRequested', { ...at, sizeBytes: 5 }, { state: 'creating' })
    await look()
    book.event('v', 'volume.created', { sizeBytes: 6 }, { state: 'available' })
    await look()
    book.event('v', 'volume.modifyRequested', { sizeBytes: 9 })
    await look()
    book.event('v', 'volume.resizeFailed', { code: 'busy', message: '' })
    await look()
    book.event('v', 'volume.deleteRequested', {}, { state: 'deleting.asking' })
    await look()
    book.event('v', 'volume.deleted', {}, { state: 'deleted' })
    await look()
    expect(seen).toEqual([
      [5, 0, 0],
      [0, 6, 0],
      [0, 9, 0],
      [0, 6, 0],
      [0, 0, 6],
      [0, 0, 0],
    ])
  })

  it('takes nothing that could not be made', async () => {
    const book = new Book()
    book.event('v', 'volume.createRequested', { provider: 'lab', zone: 'a', sizeBytes: 5 }, { state: 'creating' })
    book.event('v', 'volume.createFailed', { code: 'exhausted', message: '' }, { state: 'error' })
    book.event('v', 'volume.deleteRequested', {}, { state: 'deleting.asking' })
    expect((await book.folded()).figures('account/acme').committedBytes).toBe(0)
  })

  it('is measured or not, and what is not is null, not zero', async () => {
    const book = new Book()
    book.volume('v', 10)
    const before = await book.folded()
    expect(before.figures('account/acme')).toMatchObject({ physicalBytes: null, measuredVolumes: 0 })
    book.event('v', 'volume.measured', { sizeBytes: 10, allocatedBytes: 0 })
    const after = await book.folded()
    expect(after.figures('account/acme')).toMatchObject({ physicalBytes: 0, measuredVolumes: 1, allocatedBytes: 10 })
    expect(after.rows.get('v')).toMatchObject({ physicalAsOf: 3000 })
  })
})

describe('a pool that has VM snapshots', () => {
  const asked = { instance: 'i-1', memory: true, settings: memory, volumes: [{ volume: 'vol-root', root: true }] }
  const pool = async (book: Book) => (await book.folded(projections.pools)).rows.get('pool/p1')!

  it('promises their memory from the request on, until they are kept or fail', async () => {
    const book = machine()
    book.event('s1', 'vm-snapshot.createRequested', asked, { state: 'creating' })
    book.event('s2', 'vm-snapshot.createRequested', asked, { state: 'creating' })
    expect((await pool(book)).figures).toMatchObject({ memoryBytes: 4 * GiB })
    expect((await book.folded()).figures('pool/p1').memoryBytes).toBe(0)
    book.event('s2', 'vm-snapshot.keepFailed', { instance: 'i-1', code: 'busy', message: '' }, { state: 'error' })
    keep('s1', undefined, { memoryBytes: GiB })(book)
    expect((await pool(book)).figures).toMatchObject({ memoryBytes: GiB })
    book.drop('s1', 'i-1')
    expect((await pool(book)).figures).toEqual({ volumes: 1, allocatedBytes: 10 * GiB })
  })

  it('objects to one that goes beyond its threshold, if it has one', async () => {
    const book = machine()
    const before = await pool(book)
    book.event('s1', 'vm-snapshot.createRequested', asked, { state: 'creating' })
    const after = await pool(book)
    const objections = (allocationThreshold?: number) => {
      const settings = { ...after.settings!, totalBytes: 11 * GiB, allocationThreshold }
      return projections.pools.objects!(before, { ...after, settings }).map(({ code }) => code)
    }
    expect([objections(1), objections(), projections.pools.objects!(before, after)]).toEqual([['poolsFull'], [], []])
  })
})

// ------------------------------------------------------------------------------------------------------------ the laws
/** What happens next, chosen by numbers, in two accounts of a tree of domains. */
const steps = fc.array(fc.tuple(fc.nat(9), fc.nat(99), fc.nat(99)), { maxLength: 40 })
type Step = readonly [number, number, number]
const owners: Readonly<Record<string, string>> = { 'i-1': 'acme', 'i-2': 'bee' }

/** Everything a cloud does, as far as capacity sees it; only what can happen. */
class Cloud {
  readonly book = new Book()
  readonly trees = new Map<string, { ids: string[]; parents: Map<string, string | undefined>; live?: string }>()
  readonly #volumes = new Map<string, string[]>()
  #made = 0

  constructor() {
    this.book.pool('p1')
    this.book.event('domain/lab', 'domain.createRequested', { name: 'lab', parent: 'root' }, { state: 'active' })
    this.book.event('domain/deep', 'domain.createRequested', { name: 'deep', parent: 'lab' }, { state: 'active' })
    this.book.event('account/acme', 'account.openRequested', { name: 'acme', domain: 'deep' }, { state: 'open' })
    this.book.event('account/bee', 'account.openRequested', { name: 'bee', domain: 'lab' }, { state: 'open' })
    for (const instance of ['i-1', 'i-2']) {
      const pool = instance === 'i-1' ? 'p1' : undefined
      this.book.launchWithRoot(instance, 3, { pool, account: owners[instance] })
      this.trees.set(instance, { ids: [], parents: new Map() })
      this.#volumes.set(instance, [])
      this.#grow(instance, 7)
    }
  }
  disks(instance: string, sizeBytes: number) {
    const all = [`${instance}/root`, ...this.#volumes.get(instance)!]
    return all.map((volume, nth) => ({ volume, sizeBytes: sizeBytes + nth }))
  }
  #grow(instance: string, sizeBytes: number) {
    const id = `vol-${++this.#made}`
    const pool = this.#made % 2 ? 'p1' : undefined
    this.book.volume(id, sizeBytes, { pool, account: owners[instance], instance })
    this.#volumes.get(instance)!.push(id)
  }

  step([what, which, much]: Step): void {
    const instance = which % 2 ? 'i-1' : 'i-2'
    const account = owners[instance]!
    const { book } = this
    const tree = this.trees.get(instance)!
    const chosen = tree.ids[much % Math.max(tree.ids.length, 1)]
    const [first] = this.#volumes.get(instance)!
    if (what <= 2) {
      const id = `s-${++this.#made}`
      book.keep(id, instance, this.disks(instance, 1 + much), { parent: tree.live, memoryBytes: which, account })
      tree.ids.push(id)
      tree.parents.set(id, tree.live)
      tree.live = id
    } else if (what === 3 && chosen) {
      book.revert(chosen, instance, this.disks(instance, 1 + which), account)
      tree.live = chosen
    } else if (what === 4 && chosen) this.drop(instance, chosen)
    else if (what === 5 && chosen) book.hide(chosen, instance, account)
    else if (what === 6) this.#grow(instance, 1 + much)
    else if (what === 7 && first) {
      this.#volumes.get(instance)!.shift()
      book.remove(first, account)
    } else if (what === 8 && first) {
      book.event(first, 'volume.measured', { sizeBytes: 1 + much, allocatedBytes: which }, { account })
    } else if (what === 9) {
      // It fails, and changes nothing.
      book.event(
        `v-failed-${++this.#made}`,
        'volume.createRequested',
        { provider: 'lab', zone: 'a', sizeBytes: 9 },
        { state: 'creating', account },
      )
      book.event(
        `v-failed-${this.#made}`,
        'volume.createFailed',
        { code: 'busy', message: '' },
        { state: 'error', account },
      )
    }
  }
  drop(instance: string, id: string): void {
    const tree = this.trees.get(instance)!
    this.book.drop(id, instance, owners[instance])
    const parent = tree.parents.get(id)
    tree.ids.splice(tree.ids.indexOf(id), 1)
    tree.parents.delete(id)
    for (const [child, of] of tree.parents) if (of === id) tree.parents.set(child, parent)
    if (tree.live === id) tree.live = parent
  }
}
const played = (all: readonly Step[]): Cloud => {
  const cloud = new Cloud()
  for (const each of all) cloud.step(each)
  return cloud
}
const sums = (rows: readonly CapacityRow[]) => sumOf(...rows.map(({ figures }) => figures))
const sortedRows = ({ rows }: Rows) => [...rows.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
const plain = (value: unknown) => JSON.parse(JSON.stringify(value))

describe('the laws of capacity', () => {
  it('(a) accounts and places come to the same, which is what all rows take; (b) a domain is what is in it and below', () =>
    fc.assert(
      fc.asyncProperty(steps, async all => {
        const rows = await played(all).book.folded()
        const owned = sumOf(...[...rows.rows.values()].filter(({ account }) => account).map(takenBy))
        expect(sums(rows.of('account'))).toEqual(owned)
        expect(sums(rows.places)).toEqual(owned)
        const of = (key: string) => rows.rows.get(key)?.figures ?? {}
        expect(of('domain/deep')).toEqual(of('account/acme'))
        expect(of('domain/lab')).toEqual(sumOf(of('domain/deep'), of('account/bee')))
      }),
    ))

  it('(c, e) without snapshots, deleted in whatever order, nothing is left of branches and memory', () =>
    fc.assert(
      fc.asyncProperty(steps, fc.infiniteStream(fc.nat()), async (all, order) => {
        const cloud = played(all)
        for (const [instance, tree] of cloud.trees)
          while (tree.ids.length) cloud.drop(instance, tree.ids[order.next().value! % tree.ids.length]!)
        const rows = await cloud.book.folded()
        for (const account of ['acme', 'bee'])
          expect(rows.figures(`account/${account}`)).toMatchObject({
            branchBytes: 0,
            memoryBytes: 0,
            snapshotLayers: 0,
          })
      }),
    ))

  it('(d) a snapshot that is made and deleted with nothing in between leaves all figures as they were', () =>
    fc.assert(
      fc.asyncProperty(steps, fc.nat(), async (all, memoryBytes) => {
        const cloud = played(all)
        const rows = await cloud.book.folded()
        const before = plain(sortedRows(rows))
        const count = cloud.book.events.length
        const parent = cloud.trees.get('i-1')!.live
        cloud.book.keep('s-new', 'i-1', cloud.disks('i-1', 5), { parent, memoryBytes })
        const withIt = await cloud.book.folded()
        const more = withIt.figures('account/acme').committedBytes - rows.figures('account/acme').committedBytes
        expect(more).toBe(memoryBytes)
        cloud.book.drop('s-new', 'i-1')
        await rows.fold(cloud.book.events.slice(count))
        expect(plain(sortedRows(rows))).toEqual(before)
      }),
    ))

  it('(f) rows kept event by event are those that are made anew, in chunks of any size', () =>
    fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 30 }), async (all, chunk) => {
        const { events } = played(all).book
        for (const view of [projections.capacity, projections.pools]) {
          const [one, other] = [new Rows(view), new Rows(view)]
          for (const event of events) await one.fold([event])
          for (let from = 0; from < events.length; from += chunk) await other.fold(events.slice(from, from + chunk))
          expect(sortedRows(other)).toEqual(sortedRows(one))
        }
      }),
    ))

  it('(g) nothing is ever below zero; (h) branches are within what layers may come to', () =>
    fc.assert(
      fc.asyncProperty(steps, async all => {
        const rows = await played(all).book.folded()
        for (const { key } of rows.rows.values()) {
          const figures = rows.figures(key)
          for (const amount of Object.values(figures)) expect(amount ?? 0).toBeGreaterThanOrEqual(0)
          const { branchBytes, upperBoundBytes, allocatedBytes } = figures
          expect(branchBytes).toBeLessThanOrEqual(upperBoundBytes - allocatedBytes)
        }
      }),
    ))

  it('(i) going back changes neither layers nor memory; (j) what is hidden counts as what is not', () =>
    fc.assert(
      fc.asyncProperty(steps, fc.nat(99), async (all, which) => {
        const cloud = played(all)
        const { ids } = cloud.trees.get('i-1')!
        fc.pre(ids.length > 0)
        const id = ids[which % ids.length]!
        const rows = await cloud.book.folded()
        const before = rows.figures('account/acme')
        cloud.book.hide(id, 'i-1')
        await rows.fold(cloud.book.events.slice(-1))
        const { visibleLayers: _, ...hidden } = rows.figures('account/acme')
        expect(before).toMatchObject(hidden)
        cloud.book.revert(id, 'i-1', cloud.disks('i-1', 3))
        await rows.fold(cloud.book.events.slice(-1))
        const { snapshotLayers, memoryBytes } = rows.figures('account/acme')
        expect(before).toMatchObject({ snapshotLayers, memoryBytes })
      }),
    ))

  it('(k) what fails changes nothing', () =>
    fc.assert(
      fc.asyncProperty(steps, async all => {
        const cloud = played(all)
        const before = (await cloud.book.folded()).figures('account/bee')
        cloud.step([9, 0, 0])
        expect((await cloud.book.folded()).figures('account/bee')).toEqual(before)
      }),
    ))
})
