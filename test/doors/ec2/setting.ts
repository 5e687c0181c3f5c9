/** A cloud with an EC2 door over real HTTP, and a client that signs and reads XML with a library of its own. */
import { XMLParser } from 'fast-xml-parser'
import { kinds } from '../../../machines/index.ts'
import { projections } from '../../../projections/index.ts'
import { createEc2Door, type Ec2DoorOptions } from '../../../src/doors/ec2/index.ts'
import { type SimulatedOptions, simulated } from '../../../src/drivers/simulated/index.ts'
import { createEngine, sqlite } from '../../../src/index.ts'
import type { Clock } from '../../../src/runtime/clock.ts'
import { signed } from './sign.ts'

const GiB = 2 ** 30
export const key = { accessKeyId: 'STEMMATESTKEY0000001', secretAccessKey: 'secret-of-acme', account: '123456789012' }
export const otherKey = { accessKeyId: 'STEMMATESTKEY0000002', secretAccessKey: 'secret-of-other', account: 'other' }
export const regions = [
  { name: 'us-east-1', zones: ['us-east-1a', 'us-east-1b'] },
  { name: 'eu-west-1', zones: ['eu-west-1a'] },
]
/** Wire ids of what every test cloud has: an image in every region (8 GiB, public), and sizes. */
export const image = 'ami-0123456789abcdef0'

export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Below the response element; sets are lists. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read what the protocol says is there
  readonly body: any
  /** Of an error. */
  readonly code?: string
  readonly message?: string
}
export type Parameters = Readonly<Record<string, string | number | boolean | undefined>>
export interface As {
  readonly region?: string
  readonly key?: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

const parser = new XMLParser({
  ignoreAttributes: true,
  htmlEntities: true,
  parseTagValue: false,
  trimValues: false,
  isArray: name => name === 'item',
})

/** Lists are `<item>` below one name: reads them as lists, and an empty element as an empty text. */
// biome-ignore lint/suspicious/noExplicitAny: any XML
function plain(node: any): any {
  if (typeof node !== 'object' || node === null) return node
  if (Array.isArray(node)) return node.map(plain)
  const names = Object.keys(node)
  if (names.length === 1 && names[0] === 'item') return plain(node.item)
  return Object.fromEntries(names.map(name => [name, plain(node[name])]))
}

export function parsed(text: string) {
  const root = parser.parse(text)
  const [name] = Object.keys(root).filter(each => !each.startsWith('?'))
  return { root: name!, body: plain(root[name!]) }
}

export type Ec2Setting = Awaited<ReturnType<typeof openEc2>>

/** Opens it; the provider answers at once and requests settle, unless told otherwise. Close it. */
export async function openEc2({
  provider = { instant: true },
  door = {},
  store = sqlite(':memory:'),
  clock,
}: {
  provider?: SimulatedOptions
  door?: Partial<Ec2DoorOptions>
  store?: ReturnType<typeof sqlite>
  /** Of the engine alone; provider and door have theirs. */
  clock?: Clock
} = {}) {
  const zones = regions.flatMap(each => each.zones)
  const places = { zones, regions: Object.fromEntries(regions.map(each => [each.name, each.zones])) }
  const driver = simulated({ ...provider, capabilities: { ...places, ...provider.capabilities } })
  const engine = await createEngine({
    kinds,
    projections,
    store,
    clock,
    drivers: { lab: driver },
    region: regions[0]!.name,
  })
  const everywhere = engine.as({ account: 'stemma', actor: 'stemma', authority: 'operator', region: '*' })
  for (const [name, vcpus] of Object.entries({ 'm1.small': 1, 't3.micro': 2, 'm5.large': 2 }))
    await everywhere.offering.define({ name, vcpus, memoryBytes: vcpus * GiB })
  await everywhere.image.register({
    id: image.replace('ami-', 'img-'),
    name: 'base',
    sizeBytes: 8 * GiB,
    public: true,
  } as never)
  const app = createEc2Door({ engine, keys: [key, otherKey], regions, instant: provider.instant ?? false, ...door })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })

  const send = async (
    pairs: readonly (readonly [string, string])[],
    { region = 'us-east-1', key: by = key }: As = {},
  ) => {
    const { headers, body } = signed({ url, region, key: by, parameters: pairs })
    return answered(await fetch(`${url}/`, { method: 'POST', headers, body }))
  }
  /** Calls an action; parameters as they stand in the form. */
  const call = (Action: string, parameters: Parameters = {}, as?: As): Promise<Answered> => {
    const given = Object.entries(parameters).filter(([, value]) => value !== undefined)
    return send([['Action', Action], ['Version', '2016-11-15'], ...given.map(([n, v]) => [n, String(v)] as const)], as)
  }
  return {
    url,
    /** The door itself, to be asked without a socket. */
    app,
    engine,
    driver,
    call,
    send,
    /** The body of a call that must succeed. */
    async ok(Action: string, parameters: Parameters = {}, as?: As) {
      const answer = await call(Action, parameters, as)
      if (answer.status !== 200) throw new Error(`${Action}: ${answer.status} ${answer.code}: ${answer.message}`)
      return answer.body
    },
    /** Code and sentence of a call that must be refused. */
    async refused(Action: string, parameters: Parameters = {}, as?: As) {
      const { status, code, message } = await call(Action, parameters, as)
      if (status === 200) throw new Error(`${Action} was not refused`)
      return { status, code, message }
    },
    async close() {
      await app.close()
      await engine.close()
    },
  }
}

export async function answered(response: Response): Promise<Answered> {
  const text = await response.text()
  const { root, body } = parsed(text)
  const { Code: code, Message: message } = root === 'Response' ? body.Errors.Error : ({} as Record<string, string>)
  return { status: response.status, headers: response.headers, text, body, code, message }
}
