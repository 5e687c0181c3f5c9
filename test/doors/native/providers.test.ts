/** What providers can do, for who asks before planning. (spec: stateful-and-deltacloud 1.1 R8 to R10, R16) */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kinds } from '../../../machines/index.ts'
import { projections } from '../../../projections/index.ts'
import { createNativeDoor } from '../../../src/doors/native/index.ts'
import { simulated, simulatedClasses } from '../../../src/drivers/simulated/index.ts'
import { createEngine, sqlite } from '../../../src/index.ts'

const token = 'acme-token-0123456789'
const stranger = 'beta-token-0123456789'
const onHost = 'img-00000000000000a01'
const ordinary = 'img-00000000000000a02'
const wide = 'img-00000000000000a03'

async function open() {
  const lab = simulated({
    instant: true,
    capabilities: { zones: ['n1', 's1'], regions: { north: ['n1'], south: ['s1'] } },
    images: { [onHost]: { stop: 'destroys', start: 'none', rootOnDestroy: 'deletes' } },
  })
  const direct = simulated({ instant: true, capabilities: simulatedClasses.D })
  const engine = await createEngine({ kinds, projections, store: sqlite(':memory:'), drivers: { lab, direct } })
  const operator = engine.as({ account: 'acme', actor: 'ops', authority: 'operator', region: '*' })
  for (const id of [onHost, ordinary, wide])
    await operator.image.register({ id, name: id, sizeBytes: 2 ** 30 } as never)
  const door = createNativeDoor({
    engine,
    tokens: [
      { token, account: 'acme', region: 'south' },
      { token: stranger, account: 'beta', region: 'elsewhere' },
    ],
  })
  const get = async (path: string, as = token) => {
    const { statusCode, body } = await door.inject({ url: path, headers: { authorization: `Bearer ${as}` } })
    return { status: statusCode, body: JSON.parse(body) }
  }
  return { engine, lab, direct, door, get }
}
let world: Awaited<ReturnType<typeof open>>
beforeAll(async () => {
  world = await open()
})
afterAll(async () => {
  await world.door.close()
  await world.engine.close()
})

describe('the providers', () => {
  it('are listed with what they declare and what follows, as seen from the region of the caller', async () => {
    const { status, body } = await world.get('/v1/providers')
    expect(status).toBe(200)
    expect(body.items.map(({ name }: { name: string }) => name)).toEqual(['lab', 'direct'])
    expect(body.items[0].capabilities.zones).toEqual(['s1'])
    expect(body.items[1].answers).toEqual({
      stateful: true,
      statelessNative: false,
      statelessByEngine: true,
      launchClones: false,
      rootDeletedBy: 'nobody',
      stopValid: true,
      clones: 'roots',
      launchesOn: 'clones',
    })
    const elsewhere = await world.get('/v1/providers', stranger)
    expect(elsewhere.body.items.map(({ name }: { name: string }) => name)).toEqual(['direct'])
    expect(world.engine.providers.list().map(({ capabilities }) => capabilities.zones)).toEqual([
      ['n1', 's1'],
      ['a', 'b'],
    ])
  })

  it('are read one by one; one that does not serve the region is as if it were not there', async () => {
    expect((await world.get('/v1/providers/lab')).body).toEqual(world.engine.providers.get('lab', 'south'))
    for (const [name, as] of [
      ['lab', stranger],
      ['nobody', token],
    ] as const) {
      const { status, body } = await world.get(`/v1/providers/${name}`, as)
      expect([status, body.error.code, body.error.message]).toEqual([
        404,
        'notFound',
        `The provider '${name}' does not exist.`,
      ])
    }
    expect((await world.get('/v1/providers?x=1')).status).toBe(400)
    expect((await world.get('/v1/providers', 'nobody-0123456789')).status).toBe(401)
  })

  it('offer less with an image that says so', async () => {
    const { body } = await world.get(`/v1/providers/lab?image=${onHost}`)
    expect(body.capabilities).toMatchObject({ stop: 'destroys', rootOnStop: 'deletes', vanishesAfterStop: true })
    expect(body.answers).toMatchObject({ stateful: false, stopValid: false, rootDeletedBy: 'provider' })
    const plain = await world.get(`/v1/providers/lab?image=${ordinary}`)
    expect(plain.body).toEqual(world.engine.providers.get('lab', 'south'))
  })

  it('are asked about images of the caller only, and may have no answer', async () => {
    expect((await world.get(`/v1/providers/direct?image=${onHost}`, stranger)).status).toBe(404)
    expect((await world.get('/v1/providers/lab?image=vol-1')).body.error.code).toBe('wrongKind')
    world.direct.removeImage(wide)
    expect((await world.get(`/v1/providers/direct?image=${wide}`)).status).toBe(404)
    world.lab.failNext('observe', 'throws')
    const { status, body } = await world.get(`/v1/providers/lab?image=${ordinary}`)
    expect([status, body.error.code]).toEqual([503, 'providerSilent'])
    world.lab.failNext('observe', 'beforeEffect')
    expect((await world.get(`/v1/providers/lab?image=${ordinary}`)).status).toBe(503)
  })

  it('are described in the document of the door', async () => {
    const { paths, components } = (await world.get('/openapi.json')).body
    expect(Object.keys(paths)).toEqual(expect.arrayContaining(['/v1/providers', '/v1/providers/{name}']))
    const { items } = (await world.get('/v1/providers')).body
    const said = components.schemas.Provider.properties
    expect(Object.keys(said)).toEqual(Object.keys(items[0]))
    expect(Object.keys(said.answers.properties)).toEqual(Object.keys(items[0].answers))
  })
})
