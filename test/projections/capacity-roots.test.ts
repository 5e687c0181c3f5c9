/** A root that a provider makes with an instance takes what a volume would, in the same place. (spec: cloudstack 3.2, 3.4.) */
import { describe, expect, it } from 'vitest'
import { type CapacityFigures, capacityFigures, projections } from '../../projections/index.ts'
import { Book } from './capacity-book.ts'

describe('capacity of a root that its provider makes', () => {
  const promised = { provider: 'lab', zone: 'a', rootOwner: 'provider' }
  const launch = (book: Book, more: object = {}) => {
    const data = { ...promised, providerRoot: { sizeBytes: 5, pool: 'pool/p1' }, ...more }
    book.event('i-1', 'instance.launchRequested', data as never, { state: 'pending.preparing' })
  }
  /** In both views, and what the account has. */
  async function placed(book: Book) {
    const [rows, claimed] = [await book.folded(), await book.folded(projections.pools)]
    const of = ({ requestedBytes, allocatedBytes, reclaimableBytes }: CapacityFigures) =>
      [requestedBytes, allocatedBytes, reclaimableBytes].join(' ')
    const all = [rows.figures('pool/p1'), claimed.figures('pool/p1'), rows.figures('account/acme')].map(of)
    expect(new Set(all).size).toBe(1)
    return all[0]
  }
  /** What is there after each event of the instance, by the state it leads to. */
  async function lived(book: Book, states: readonly (readonly [event: string, state: string])[]) {
    const seen: unknown[] = []
    for (const [event, state] of states) {
      book.event('i-1', `instance.${event}`, {}, { state })
      seen.push(await placed(book))
    }
    return seen
  }
  const begun = (more: object = {}) => {
    const book = new Book()
    book.pool('p1')
    launch(book, more)
    return book
  }

  it('is promised, then there through stops and starts, then on its way out, then nothing', async () => {
    const book = begun()
    expect(await placed(book)).toBe('5 0 0')
    const life = [
      ['prepared', 'pending.creating'],
      ['created', 'pending.starting'],
      ['started', 'running.steady'],
      ['stopRequested', 'stopping.asking'],
      ['stopped', 'stopped'],
      ['startRequested', 'pending.restarting'],
      ['started', 'running.steady'],
      ['terminateRequested', 'shutting-down.destroying'],
      ['destroyFailed', 'shutting-down.retrying'],
      ['destroyed', 'terminated'],
    ] as const
    const there = Array(6).fill('0 5 0')
    expect(await lived(book, life)).toEqual(['5 0 0', ...there, '0 0 5', '0 0 5', '0 0 0'])
    expect((await book.folded()).rows.has('i-1')).toBe(false)
    expect((await book.folded(projections.pools)).rows.has('i-1')).toBe(false)
  })

  it('of a launch that failed is given back when nothing of it can be there', async () => {
    const failed = [
      ['prepared', 'pending.creating'],
      ['createFailed', 'pending.abandoning.destroying'],
      ['destroyed', 'terminated'],
    ] as const
    expect(await lived(begun(), failed)).toEqual(['5 0 0', '0 0 5', '0 0 0'])
    const unprepared = [['volumeFailed', 'shutting-down.cleaning']] as const
    expect(await lived(begun(), unprepared)).toEqual(['0 0 0'])
  })

  it('of an instance that may be recovered is on its way out until it is, also while that is turned off again', async () => {
    const book = begun()
    const kept = [
      ['created', 'running.steady'],
      ['terminateRequested', 'shutting-down.settingAside.asking'],
      ['stopped', 'shutting-down.clearing'],
      ['vmSnapshotRemoved', 'recoverable'],
      ['externallyStarted', 'shutting-down.settingAside.asking'],
      ['stopped', 'recoverable'],
      ['recoverRequested', 'stopped'],
    ] as const
    const aside = Array(3).fill('0 0 5')
    expect(await lived(book, kept)).toEqual(['0 5 0', '0 5 0', '0 5 0', ...aside, '0 5 0'])
  })

  it('becomes a volume in the same place where its provider leaves it: never both, and never neither', async () => {
    const book = begun({ keptRoot: { volume: 'vol-kept', sizeBytes: 5 } })
    const ended = [
      ['created', 'running.steady'],
      ['terminateRequested', 'shutting-down.destroying'],
    ] as const
    expect(await lived(book, ended)).toEqual(['0 5 0', '0 0 5'])
    // What is told is written with what tells it.
    book.event('i-1', 'instance.destroyed', {}, { state: 'shutting-down.cleaning' })
    const left = { instance: 'i-1', image: 'img', sizeBytes: 5, provider: 'lab', zone: 'a', pool: 'pool/p1' }
    book.event('vol-kept', 'volume.rootLeft', left, { state: 'deleting.asking' })
    expect(await placed(book)).toBe('0 0 5')
    book.event('vol-kept', 'volume.deleted', {}, { state: 'deleted' })
    book.event('i-1', 'instance.cleanupDone', { id: 'vol-kept' }, { state: 'terminated' })
    expect(await placed(book)).toBe('0 0 0')
  })

  it('is in its zone where it was placed in no pool, and nowhere where a history says nothing of its size', async () => {
    const book = begun({ providerRoot: { sizeBytes: 5 } })
    const rows = await book.folded()
    expect(rows.figures('zone/lab/a')).toMatchObject({ requestedBytes: 5, volumes: 1 })
    expect(rows.figures('account/acme')).toEqual(rows.figures('zone/lab/a'))
    expect([...(await book.folded(projections.pools)).rows.keys()]).not.toContain('i-1')
    const old = begun({ providerRoot: undefined })
    expect((await old.folded()).figures('account/acme')).toEqual(capacityFigures({}))
  })
})
