import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type OpenDoor, openDoor, tokens } from './open-door.ts'

let door: OpenDoor
beforeAll(async () => {
  door = await openDoor()
})
afterAll(() => door.close())

const historyOf = async (id: string) => (await door.call(`/v1/instance/${id}/history`)).body.items

describe('a command over HTTP', () => {
  it('launches an instance, names where it is read, and waits until it runs', async () => {
    const { status, headers, body } = await door.call('/v1/instance/launch?wait=settled', {
      body: { image: door.image, type: 'small', name: 'web' },
    })
    expect(status).toBe(201)
    expect(body).toMatchObject({ outcome: 'accepted', kind: 'instance', previousState: 'absent', settled: 'running' })
    expect(headers.get('location')).toBe(`/v1/instance/${body.id}`)
    const read = await door.call(headers.get('location')!)
    expect(read.body).toMatchObject({ id: body.id, state: 'running', name: 'web', account: 'acme' })
  })

  it('warns in a header, in the result and in what is read later, of a launch in another mode than asked for', async () => {
    const image = await door.call('/v1/image/register', {
      body: { name: 'built for little', sizeBytes: 1024 ** 3, targets: ['stateless'] },
    })
    const asked = { image: image.body.id, type: 'small', mode: 'stateful' }
    const refused = await door.call('/v1/instance/launch', { body: asked })
    expect([refused.status, refused.body.error.reasons[0].code]).toEqual([409, 'modeNoMatch'])
    expect(refused.body.error.reasons[0].sentence).toContain('reason IMAGE')
    const headers = { 'idempotency-key': 'warned' }
    const body = { ...asked, onMismatch: 'warn' }
    const first = await door.call('/v1/instance/launch?wait=settled', { body, headers })
    for (const reply of [first, await door.call('/v1/instance/launch', { body, headers })]) {
      expect(reply.headers.get('x-lifecycle-warning')).toMatch(/^modeMismatch: Asked for a stateful instance/)
      expect(reply.body.warnings).toMatchObject([{ code: 'modeMismatch', reason: 'IMAGE', resolved: 'stateless' }])
    }
    const launch = { kind: 'instance', command: 'launch', input: body }
    const several = await door.call('/v1/submit', { body: { commands: [launch, launch] } })
    expect(several.headers.get('x-lifecycle-warning')).toBe(first.headers.get('x-lifecycle-warning'))
    expect(several.body.results.flatMap((each: { warnings: object[] }) => each.warnings)).toHaveLength(2)
    const { body: row } = await door.call(`/v1/instance/${first.body.id}`)
    expect(row.attributes).toMatchObject({ mode: 'stateless', rootOwner: 'engine', warning: { reason: 'IMAGE' } })
    const types = (await historyOf(first.body.id)).map((event: { type: string }) => event.type)
    expect(types.filter((type: string) => type === 'instance.modeMismatchWarned')).toHaveLength(1)
  })

  it('takes the whole life: stop, start, terminate, each one request', async () => {
    const id = await door.launched()
    for (const [verb, settled] of [
      ['stop', 'stopped'],
      ['start', 'running'],
      ['terminate', 'terminated'],
    ]) {
      const { status, body } = await door.call(`/v1/instance/${verb}?wait=settled`, { body: { id } })
      expect([status, body.outcome, body.settled]).toEqual([200, 'accepted', settled])
    }
    const requests = (await historyOf(id)).filter((event: { origin: string }) => event.origin === 'requested')
    expect(requests.map((event: { type: string }) => event.type)).toEqual([
      'instance.launchRequested',
      'instance.stopRequested',
      'instance.startRequested',
      'instance.terminateRequested',
    ])
  })

  it('reads JSON whatever the content type says, as curl -d sends it', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const { status } = await door.call('/v1/volume/create', { body: '{"sizeBytes":1048576}', headers })
    expect(status).toBe(201)
  })

  it('answers a repeated request with nothing to do as unchanged, and writes nothing', async () => {
    const id = await door.launched()
    await door.call('/v1/instance/stop?wait=settled', { body: { id } })
    const before = await door.position()
    const { status, body } = await door.call('/v1/instance/stop', { body: { id } })
    expect([status, body.outcome, body.position]).toEqual([200, 'unchanged', 0])
    expect(await door.position()).toBe(before)
  })

  it('writes nothing on a dry run, and says what would have been', async () => {
    const id = await door.launched()
    const before = await door.position()
    const { body } = await door.call('/v1/instance/stop?dryRun=true', { body: { id } })
    expect(body).toMatchObject({ outcome: 'accepted', previousState: 'running' })
    expect(await door.position()).toBe(before)
    expect((await door.call(`/v1/instance/${id}`)).body.state).toBe('running')
  })

  it('finds named resources by their name and by their whole id', async () => {
    const define = { name: 'tiny', vcpus: 1, memoryBytes: 1024 }
    const made = await door.call('/v1/offering/define', { as: 'operator', body: define })
    expect([made.status, made.headers.get('location')]).toEqual([201, '/v1/offering/tiny'])
    const short = await door.call('/v1/offering/tiny')
    const encoded = await door.call('/v1/offering/offering%2Ftiny')
    expect(short.body.id).toBe('offering/tiny')
    expect(encoded.text).toBe(short.text)
    const retired = await door.call('/v1/offering/retire', { as: 'operator', body: { id: 'tiny' } })
    expect(retired.body).toMatchObject({ id: 'offering/tiny', state: 'retired' })
  })
})

describe('an idempotency key', () => {
  const create = (key: string, sizeBytes: number, as: 'acme' | 'beta' = 'acme') =>
    door.call('/v1/volume/create', { as, body: { sizeBytes }, headers: { 'idempotency-key': key } })

  it('makes one volume of any number of equal requests, at once or later', async () => {
    const together = await Promise.all([1, 2, 3].map(() => create('same', 4096)))
    const later = await create('same', 4096)
    expect(new Set([...together, later].map(each => each.text)).size).toBe(1)
    expect(together[0]!.status).toBe(201)
  })

  it('refuses another request with a key that was used', async () => {
    await create('once', 4096)
    const before = await door.position()
    const { status, body } = await create('once', 8192)
    expect([status, body.error.code, body.error.field]).toEqual([409, 'tokenReused', 'Idempotency-Key'])
    expect(await door.position()).toBe(before)
  })

  it('is each account’s own', async () => {
    const ours = await create('shared', 4096)
    const theirs = await create('shared', 4096, 'beta')
    expect(theirs.status).toBe(201)
    expect(theirs.body.id).not.toBe(ours.body.id)
  })
})

describe('If-Match', () => {
  it('lets a command through at the version that was read, and no other', async () => {
    const id = await door.launched()
    const etag = (await door.call(`/v1/instance/${id}`)).headers.get('etag')!
    const stale = await door.call('/v1/instance/stop', { body: { id }, headers: { 'if-match': '"1"' } })
    expect([stale.status, stale.body.error.code]).toEqual([409, 'versionMismatch'])
    const fresh = await door.call('/v1/instance/stop', { body: { id }, headers: { 'if-match': etag } })
    expect([fresh.status, fresh.body.outcome]).toEqual([200, 'accepted'])
  })
})

describe('several commands in one submit', () => {
  const stop = (id: string) => ({ kind: 'instance', command: 'stop', id })

  it('are all accepted', async () => {
    const ids = [await door.launched(), await door.launched()]
    const { status, body } = await door.call('/v1/submit', { body: { commands: ids.map(stop) } })
    expect(status).toBe(200)
    expect(body.results.map((each: { id: string; state: string }) => [each.id, each.state])).toEqual(
      ids.map(id => [id, 'stopping']),
    )
  })

  it('are all refused when one is, which is named', async () => {
    const id = await door.launched()
    const before = await door.position()
    const missing = 'i-00000000000000000'
    const { status, body } = await door.call('/v1/submit', { body: { commands: [stop(id), stop(missing)] } })
    expect([status, body.error.code, body.error.resource]).toEqual([404, 'notFound', missing])
    expect(await door.position()).toBe(before)
    expect((await door.call(`/v1/instance/${id}`)).body.state).toBe('running')
  })
})

describe('a refusal', () => {
  it('names resource, state, every reason and what is allowed', async () => {
    const id = await door.launched()
    await door.call('/v1/instance/modify', { body: { id, terminationProtection: true } })
    const { status, body } = await door.call('/v1/instance/terminate', { body: { id } })
    expect(status).toBe(409)
    expect(body.error).toMatchObject({ code: 'terminationProtected', resource: id, state: 'running' })
    expect(body.error.reasons.map((each: { code: string }) => each.code)).toEqual(['terminationProtected'])
    expect(body.error.allowed).toContain('stop')
  })

  it('that another input would have avoided is 422', async () => {
    const { status, body } = await door.call('/v1/volume/create', { body: { sizeBytes: 4096, zone: 'nowhere' } })
    expect([status, body.error.code]).toEqual([422, 'zoneUnknown'])
    expect(body.error.resource).toBeUndefined()
  })

  it('for want of authority is 403', async () => {
    const body = { name: 'huge', vcpus: 64, memoryBytes: 1024 }
    const { status, body: answer } = await door.call('/v1/offering/define', { body })
    expect([status, answer.error.code]).toEqual([403, 'notPermitted'])
  })
})

describe('an access token', () => {
  it.each([
    ['is missing', {}],
    ['is of nobody', { authorization: 'Bearer nobody-0123456789' }],
    ['is not a bearer token', { authorization: `Basic ${tokens.acme}` }],
    ['has more behind it', { authorization: `Bearer ${tokens.acme}x` }],
  ])('that %s is answered with 401, and the request is not read', async (_, headers) => {
    const before = await door.position()
    const {
      status,
      body,
      text,
      headers: answered,
    } = await door.call('/v1/volume/create', {
      as: 'nobody',
      headers,
      body: '{ this is not JSON',
    })
    expect([status, body.error.code, answered.get('www-authenticate')]).toEqual([401, 'unauthenticated', 'Bearer'])
    expect(text).not.toContain('nobody-0123456789')
    expect(await door.position()).toBe(before)
  })

  it('never appears in what is recorded', async () => {
    const id = await door.launched()
    const { text } = await door.call(`/v1/instance/${id}/history`)
    for (const token of Object.values(tokens)) expect(text).not.toContain(token)
  })
})
