/** Names taken once, and whom images are shared with, as folds of the history. */
import { describe, expect, it } from 'vitest'
import type { Envelope } from '../../machines/index.ts'
import { names } from '../../projections/names.ts'
import { open } from '../scenarios/cloud.ts'

describe('a view of names', () => {
  it('has one row for each that is taken, by account, region and kind, in the transaction itself', async () => {
    const { engine, acme } = await open()
    const rows = async () => (await engine.views.names.list()).items.map(({ key, id }) => [key, id])
    const other = engine.as({ account: 'bee', actor: 'test', region: 'north' })
    const image = { name: 'one', sizeBytes: 1 }
    const key = { name: 'one', publicKey: 'k', fingerprint: 'f', type: 'rsa' } as const
    const mine = await acme.image.register(image)
    const theirs = await other.image.register(image)
    const pair = await acme['key-pair'].import(key)
    expect(await rows()).toEqual([
      ['acme/local/image/one', mine.id],
      ['acme/local/key-pair/one', pair.id],
      ['bee/north/image/one', theirs.id],
    ])
    await expect(acme.image.register(image)).rejects.toThrow(/is taken in this account and region/)
    await acme.image.deregister(mine.id)
    const again = await acme.image.register(image)
    await acme['key-pair'].delete(pair.id)
    expect(await rows()).toEqual([
      ['acme/local/image/one', again.id],
      ['bee/north/image/one', theirs.id],
    ])
    await engine.close()
  })

  it('gives a name to one of two who ask for it at once', async () => {
    const { engine, acme } = await open()
    const outcomes = await Promise.allSettled(
      [1, 2, 3].map(sizeBytes => acme.image.register({ name: 'one', sizeBytes })),
    )
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected'])
    await engine.close()
  })

  it('is not touched by the end of an image whose name is another’s', () => {
    const event = { account: 'a', region: 'r', kind: 'image', data: { name: 'x' } }
    const fold = (row: unknown, type: string, resource: string) =>
      names.fold(row as undefined, { ...event, type: `image.${type}`, resource } as unknown as Envelope, 'a/r/image/x')
    const taken = fold(undefined, 'createRequested', 'img-1')
    const freed = fold(taken, 'nameFreed', 'img-1')
    const again = fold(freed, 'copyRequested', 'img-2')
    expect([freed, again?.id]).toEqual([undefined, 'img-2'])
    expect(fold(again, 'deregisterRequested', 'img-1')).toBe(again)
  })
})

describe('a view of shares', () => {
  it('has one row for each account an image is shared with, until it no longer is', async () => {
    const { engine, acme } = await open()
    const rows = async () => (await engine.views.shares.list()).items
    const { id } = await acme.image.register({ name: 'one', sizeBytes: 1 })
    const row = (account: string) => ({ key: `${account}/${id}`, account, resource: id })
    await acme.image.share(id, { add: ['bee', 'cow'], remove: ['cow'] })
    await acme.image.share(id, { add: ['dog/1'] })
    expect(await rows()).toMatchObject([row('bee'), row('dog/1')])
    const bee = engine.as({ account: 'bee', actor: 'test' })
    const cow = engine.as({ account: 'cow', actor: 'test' })
    expect((await bee.get(id)).id).toBe(id)
    await expect(cow.get(id)).rejects.toThrow(/does not exist/)
    await acme.image.share(id, { remove: ['bee'] })
    await expect(bee.get(id)).rejects.toThrow(/does not exist/)
    await acme.image.deregister(id)
    expect(await rows()).toEqual([])
    await engine.close()
  })
})
