import { once } from 'node:events'
import { connect } from 'node:net'
import { createParser } from 'eventsource-parser'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Envelope } from '../../../machines/grammar.ts'
import { type OpenDoor, openDoor, tokens, type Who } from './open-door.ts'

let door: OpenDoor
beforeAll(async () => {
  door = await openDoor({ heartbeatMs: 20 })
})
afterAll(() => door.close())

interface Stream {
  readonly ids: number[]
  readonly events: Envelope[]
  readonly comments: string[]
  /** Resolves when this holds of what was heard. */
  until(holds: (stream: Stream) => boolean): Promise<void>
  readonly status: number
  /** Resolves when the server has ended it. */
  readonly ended: Promise<void>
  leave(): void
}

async function listen(
  path: string,
  { as = 'acme', lastId, at = door }: { as?: Who; lastId?: string; at?: OpenDoor } = {},
): Promise<Stream> {
  const control = new AbortController()
  const headers = {
    authorization: `Bearer ${tokens[as]}`,
    ...(lastId === undefined ? {} : { 'last-event-id': lastId }),
  }
  const response = await fetch(at.url + path, { headers, signal: control.signal })
  const heard = { ids: [] as number[], events: [] as Envelope[], comments: [] as string[] }
  let waiting: (() => void)[] = []
  const parser = createParser({
    onEvent({ id, data }) {
      heard.ids.push(Number(id))
      heard.events.push(JSON.parse(data))
    },
    onComment: comment => void heard.comments.push(comment),
  })
  const read = async () => {
    try {
      const decoder = new TextDecoder()
      for await (const chunk of response.body!) {
        parser.feed(decoder.decode(chunk, { stream: true }))
        for (const wake of waiting.splice(0)) wake()
      }
    } catch (error) {
      if (!control.signal.aborted) throw error
    }
  }
  const stream: Stream = {
    ...heard,
    status: response.status,
    ended: read(),
    leave: () => control.abort(),
    async until(holds) {
      while (!holds(stream)) await new Promise<void>(resolve => (waiting = [...waiting, resolve]))
    },
  }
  return stream
}

describe('the event stream', () => {
  it('tells every event of the account from the beginning, in order, each under its position', async () => {
    const id = await door.launched()
    const last = await door.position()
    const stream = await listen('/v1/events?after=0')
    await stream.until(({ ids }) => ids.at(-1) === last)
    expect(stream.ids).toEqual(stream.events.map(event => event.position))
    expect(stream.ids).toEqual([...new Set(stream.ids)].sort((a, b) => a - b))
    expect(new Set(stream.events.map(event => event.account))).toEqual(new Set(['acme']))
    const own = stream.events.filter(event => event.resource === id)
    expect(own).toEqual((await door.call(`/v1/instance/${id}/history`)).body.items)
    stream.leave()
  })

  it('without a place to begin at tells what happens from now on', async () => {
    await door.launched()
    const now = await door.position()
    const stream = await listen('/v1/events')
    await door.call('/v1/volume/create', { body: { sizeBytes: 4096 } })
    await stream.until(({ ids }) => ids.length > 0)
    expect(stream.ids[0]).toBe(now + 1)
    stream.leave()
  })

  it('misses nothing and repeats nothing for a client that breaks off again and again', async () => {
    const from = await door.position()
    const making = (async () => {
      for (let count = 0; count < 40; count += 1) await door.call('/v1/volume/create', { body: { sizeBytes: 4096 } })
      return door.position()
    })()
    const heard: number[] = []
    const isDone = async () => heard.length > 0 && (await Promise.race([making, -1])) === heard.at(-1)
    while (!(await isDone())) {
      const lastId = String(heard.at(-1) ?? from)
      // The header wins: a client that reconnects keeps the URL it began with.
      const stream = await listen('/v1/events?after=0', { lastId })
      const enough = 1 + (heard.length % 7)
      await Promise.race([stream.until(({ ids }) => ids.length >= enough), making.then(() => stream.until(() => true))])
      stream.leave()
      await stream.ended
      heard.push(...stream.ids)
    }
    const expected = []
    for await (const event of door.engine.subscribe({ after: from })) {
      expected.push(event.position)
      if (event.position === (await making)) break
    }
    expect(heard).toEqual(expected)
  })

  it('tells an owner nothing of other accounts, and the operator everything', async () => {
    const from = await door.position()
    await door.call('/v1/volume/create', { as: 'beta', body: { sizeBytes: 4096 } })
    await door.call('/v1/volume/create', { as: 'acme', body: { sizeBytes: 4096 } })
    const last = await door.position()
    const ours = await listen(`/v1/events?after=${from}`)
    const asked = await listen(`/v1/events?after=${from}&account=beta`)
    const all = await listen(`/v1/events?after=${from}`, { as: 'operator' })
    await all.until(({ ids }) => ids.at(-1) === last)
    await ours.until(({ events }) => events.length === 2)
    // What beta did is older than any comment of this stream, so it would have been told before it.
    await asked.until(({ comments }) => comments.length > 1)
    expect(all.ids.length).toBe(last - from)
    expect(ours.events.every(event => event.account === 'acme')).toBe(true)
    expect(asked.events).toEqual([])
    for (const stream of [ours, asked, all]) stream.leave()
  })

  it('tells only of the kind or the resource asked for', async () => {
    const from = await door.position()
    const id = await door.launched()
    await door.call('/v1/volume/create?wait=settled', { body: { sizeBytes: 4096 } })
    const volumes = await listen(`/v1/events?after=${from}&kind=volume`)
    const one = await listen(`/v1/events?after=${from}&resource=${id}`)
    await volumes.until(({ events }) => events.length >= 4)
    await one.until(({ events }) => events.at(-1)?.state.startsWith('running') === true)
    expect(new Set(volumes.events.map(event => event.kind))).toEqual(new Set(['volume']))
    expect(new Set(one.events.map(event => event.resource))).toEqual(new Set([id]))
    for (const stream of [volumes, one]) stream.leave()
    await Promise.all([volumes.ended, one.ended])
  })

  it('turns one stream too many away, and takes it once another has left', async () => {
    // Its own: a stream that another test has left may still be open.
    const at = await openDoor({ streamsMax: 4 })
    const streams = await Promise.all([1, 2, 3, 4].map(() => listen('/v1/events', { at })))
    const turnedAway = await at.call('/v1/events')
    expect([turnedAway.status, turnedAway.body.error.code]).toEqual([503, 'overloaded'])
    expect(turnedAway.headers.get('retry-after')).toBe('1')
    for (const stream of streams) stream.leave()
    await Promise.all(streams.map(each => each.ended))
    for (let status = 503; status !== 200; ) {
      const again = await listen('/v1/events', { at })
      status = again.status
      again.leave()
      await again.ended
    }
    await at.close()
  })
})

describe('closing the door', () => {
  it('ends streams and waits, and a client goes on where it was', async () => {
    const closing = await openDoor()
    const headers = { authorization: `Bearer ${tokens.acme}` }
    const response = await fetch(`${closing.url}/v1/events?after=0`, { headers })
    const text = response.text()
    await closing.close()
    const last = [...(await text).matchAll(/^id: (\d+)$/gm)].at(-1)
    expect(Number(last?.[1])).toBeGreaterThan(0)
    await expect(fetch(`${closing.url}/-/ready`)).rejects.toThrow()
  })

  it('does not wait for a connection on which nothing was ever asked', async () => {
    const closing = await openDoor()
    const { port } = new URL(closing.url)
    const idle = connect(Number(port), '127.0.0.1')
    await once(idle, 'connect')
    // One request through another connection: the server has surely taken the first by then.
    await closing.call('/-/ready')
    const ended = once(idle, 'close')
    await closing.close()
    await ended
  })
})
