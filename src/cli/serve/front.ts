/**
 * One port for every door. The EC2 protocol posts to `/`; everything else is the native door's. What stands behind can
 * be replaced while it serves, which is what a reset does: requests that come meanwhile wait for what is new.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { closePromptly } from '../../doors/native/index.ts'
import type { House } from './house.ts'
import { type ResetRules, resetRefusal } from './reset.ts'

export interface FrontOptions extends ResetRules {
  /** Opens what stands behind, from nothing: once at first, and again at each reset. */
  readonly open: () => Promise<House>
  /** The effects of a request settle before the next one is served. */
  readonly instant: boolean
  /** How long a reset or an end waits for requests that do not arrive whole, or answers that nobody reads (default 5 s). */
  readonly graceMs?: number
  readonly onFault: (error: unknown, where: string) => void
}

const GRACE_MS = 5_000
/**
 * As each door by itself. Node's five seconds are as long as clients are sometimes held up themselves: who sends on what
 * was closed in that moment is not answered, and can not know whether it was heard.
 */
const KEPT_ALIVE_MS = 72_000

export class Front {
  readonly #options: FrontOptions
  readonly #server: Server
  readonly #closing = new AbortController()
  #house: Promise<House>
  /** Answers that are being made, or on their way. */
  readonly #underWay = new Set<ServerResponse>()

  constructor(options: FrontOptions, house: House) {
    this.#options = options
    this.#house = Promise.resolve(house)
    this.#server = createServer({ keepAliveTimeout: KEPT_ALIVE_MS }, (request, response) => {
      this.#serve(request, response).catch(error => {
        options.onFault(error, `${request.method} ${pathOf(request)}`)
        if (response.headersSent) response.destroy()
        else answer(response, 500, { error: { code: 'internal', message: 'The server failed at this.' } })
      })
    })
    const { graceMs = GRACE_MS } = options
    closePromptly({ server: this.#server }, this.#closing.signal, graceMs)
  }

  /** Resolves to the port it listens on. */
  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ port, host }, () => resolve((this.#server.address() as AddressInfo).port))
    })
  }

  /** Takes no more requests, lets those under way finish, and closes what stands behind. */
  async close(): Promise<void> {
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()))
    this.#closing.abort()
    const house = await this.#house
    await house.closeDoors()
    await closed
    await house.cloud.close()
  }

  /** Housekeeping of what stands behind now. */
  async prune(): Promise<void> {
    await (await this.#house).cloud.prune()
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'POST' && pathOf(request) === '/-/reset') return this.#reset(request, response)
    const house = await this.#behind()
    // Whoever has gone meanwhile will not be heard to go again.
    if (response.destroyed) return
    this.#underWay.add(response)
    response.once('close', () => this.#underWay.delete(response))
    const door = pathOf(request) === '/' ? house.ec2 : house.native
    door.routing(request, response)
  }

  /** What stands behind now; with `instant`, once all is done there that was begun. */
  async #behind(): Promise<House> {
    for (;;) {
      const current = this.#house
      const house = await current
      if (!this.#options.instant) return house
      await house.cloud.idle()
      // While it settled, a reset may have taken its place.
      if (current === this.#house) return house
    }
  }

  async #reset(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = resetRefusal(request, this.#options)
    if (refusal) return answer(response, 403, { error: refusal })
    const before = this.#house
    this.#house = before.then(async house => {
      await house.closeDoors()
      await this.#answered()
      await house.cloud.close()
      return this.#options.open()
    })
    await this.#house
    answer(response, 200, { status: 'ok' })
  }

  /** The engine may go only after the answers that come from it. */
  async #answered(): Promise<void> {
    const { graceMs = GRACE_MS } = this.#options
    const late = setTimeout(() => {
      for (const response of this.#underWay) response.destroy()
    }, graceMs)
    while (this.#underWay.size > 0) await new Promise(resolve => setTimeout(resolve, 5))
    clearTimeout(late)
  }
}

const pathOf = ({ url = '/' }: IncomingMessage): string => url.split('?', 1)[0]!

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
}
