/** A door on loopback over a real file, with two tenants, their operator, and something to launch. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { kinds } from '../../../machines/index.ts'
import { projections } from '../../../projections/index.ts'
import { createNativeDoor, type NativeDoorOptions } from '../../../src/doors/native/index.ts'
import { simulated } from '../../../src/drivers/simulated/index.ts'
import { createEngine, type Engine, sqlite } from '../../../src/index.ts'

export const tokens = {
  acme: 'acme-token-0123456789',
  beta: 'beta-token-0123456789',
  operator: 'operator-token-0123456789',
} as const
export type Who = keyof typeof tokens

const GIB = 2 ** 30

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: each test knows the shape it asked for, and asserts it
  readonly body: any
}
export interface Asked {
  readonly as?: Who | 'nobody'
  readonly method?: string
  /** Sent as it is when text, else as JSON. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface OpenDoor {
  readonly app: FastifyInstance
  readonly engine: Engine<typeof kinds, typeof projections, ReturnType<typeof sqlite>>
  readonly url: string
  /** An image of acme that beta cannot see, and a public offering called small. */
  readonly image: string
  readonly faults: unknown[]
  /** Position of the last event, once everything under way is done. */
  position(): Promise<number>
  call(path: string, asked?: Asked): Promise<Reply>
  /** Launches an instance of acme and waits until it runs. */
  launched(): Promise<string>
  close(): Promise<void>
}

export async function openDoor(options: Partial<NativeDoorOptions> = {}): Promise<OpenDoor> {
  const folder = await mkdtemp(join(tmpdir(), 'stemma-door-'))
  const store = sqlite(join(folder, 'cloud.db'))
  const engine = await createEngine({ kinds, projections, store, drivers: { lab: simulated({ instant: true }) } })
  const operator = engine.as({ account: 'operator', actor: 'operator', authority: 'operator' })
  await operator.domain.create({ name: 'root' })
  for (const name of ['acme', 'beta']) await operator.account.open({ name, domain: 'root' })
  await operator.offering.define({ name: 'small', vcpus: 1, memoryBytes: GIB })
  const acme = engine.as({ account: 'acme', actor: 'acme' })
  const { id: image } = await acme.image.register({ name: 'base', sizeBytes: GIB })

  const faults: unknown[] = []
  const access = [
    { token: tokens.acme, account: 'acme' },
    { token: tokens.beta, account: 'beta' },
    { token: tokens.operator, account: 'operator', authority: 'operator' as const },
  ]
  const app = createNativeDoor({ engine, tokens: access, onFault: error => faults.push(error), ...options })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })

  const call = async (path: string, { as = 'acme', body, headers = {}, method }: Asked = {}): Promise<Reply> => {
    const authorization = as === 'nobody' ? {} : { authorization: `Bearer ${tokens[as]}` }
    const response = await fetch(url + path, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: { ...authorization, ...headers },
      body: body === undefined || typeof body === 'string' ? (body as string | undefined) : JSON.stringify(body),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.startsWith('application/json')
    return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined }
  }
  return {
    app,
    engine,
    url,
    image,
    faults,
    async position() {
      await engine.idle()
      return engine.health().position
    },
    call,
    async launched() {
      const { body } = await call('/v1/instance/launch?wait=settled', { body: { image, type: 'small' } })
      if (body.settled !== 'running') throw new Error(`the instance did not come to run: ${JSON.stringify(body)}`)
      return body.id
    },
    async close() {
      await app.close()
      await engine.close()
      await rm(folder, { recursive: true })
    },
  }
}
