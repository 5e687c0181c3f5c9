/** What machines read: the OpenAPI document, health and metrics. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kinds } from '../../../machines/index.ts'
import { type OpenDoor, openDoor } from './open-door.ts'

let door: OpenDoor
beforeAll(async () => {
  door = await openDoor()
})
afterAll(() => door.close())

/** What providers have is the operator's to know. */
const whoReads = (path: string) => (path === '/v1/survey' ? 'operator' : 'acme')

describe('the OpenAPI document', () => {
  const read = async () => (await door.call('/openapi.json', { as: 'nobody' })).body

  it('has a path for every command, with its summary and the schema of its input', async () => {
    const { openapi, paths } = await read()
    expect(openapi).toBe('3.1.0')
    for (const kind of Object.values(kinds))
      for (const [verb, { summary, creates, input }] of Object.entries(kind.commands)) {
        const operation = paths[`/v1/${kind.name}/${verb}`].post
        const { schema } = operation.requestBody.content['application/json']
        expect([operation.summary, operation.operationId]).toEqual([summary, `${kind.name}.${verb}`])
        const fields = Object.keys(input.shape)
        expect(Object.keys(schema.properties)).toEqual(creates ? fields : ['id', ...fields])
        expect(schema.additionalProperties).toBe(false)
      }
  })

  it('refers to nothing that it does not define, and names each operation once', async () => {
    const document = await read()
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)]
    expect(references.length).toBeGreaterThan(0)
    for (const [, name] of references) expect(Object.keys(document.components.schemas)).toContain(name)
    const ids = [...JSON.stringify(document).matchAll(/"operationId":"([^"]+)"/g)].map(([, id]) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('names every route there is to GET, and each answers', async () => {
    const { paths } = await read()
    const id = await door.launched()
    for (const [path, { get }] of Object.entries<{ get?: object }>(paths)) {
      if (!get || path === '/v1/events' || (path.includes('{id}') && !path.startsWith('/v1/instance/'))) continue
      const asked = path.replace('{id}', id).replace('{name}', 'lab')
      expect([path, (await door.call(asked, { as: whoReads(path) })).status]).toEqual([path, 200])
    }
  })

  it('is the same text every time', async () => {
    const [once, again] = [await door.call('/openapi.json'), await door.call('/openapi.json')]
    expect(once.text).toBe(again.text)
  })
})

describe('health', () => {
  it('says that all is well to anybody', async () => {
    const position = await door.position()
    const { status, body } = await door.call('/-/health', { as: 'nobody' })
    expect([status, body]).toEqual([200, { status: 'ok', position, contained: 0, stalledViews: 0 }])
    expect((await door.call('/-/ready', { as: 'nobody' })).body).toEqual({ ready: true })
  })

  it('names what is set aside to the operator alone', async () => {
    const { body } = await door.call('/-/health', { as: 'operator' })
    expect(body).toMatchObject({ contained: [], stalledViews: [] })
  })
})

describe('metrics', () => {
  it('are in the format of Prometheus: the engine’s numbers, and requests by route', async () => {
    const { id } = (await door.call('/v1/volume/create', { body: { sizeBytes: 4096 } })).body
    await door.call(`/v1/volume/${id}`)
    const position = await door.position()
    const { text, headers } = await door.call('/-/metrics', { as: 'nobody' })
    expect(headers.get('content-type')).toContain('text/plain')
    const samples = text.split('\n').filter(line => line && !line.startsWith('#'))
    for (const line of samples) expect(line).toMatch(/^[a-z_][a-z0-9_]*(\{([a-z_]+="[^"]*",?)*\})? [-+.\deEINaf]+$/)
    expect(samples).toContain(`stemma_position ${position}`)
    expect(text).toMatch(
      /^stemma_http_request_seconds_count\{method="POST",route="\/v1\/:kind\/:verb",status="201"\} \d+$/m,
    )
    // Routes, not paths: an id in a label would make a series of every resource.
    expect(text).not.toContain(id)
  })
})
