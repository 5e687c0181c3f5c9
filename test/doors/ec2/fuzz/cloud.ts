/** A cloud on time of its own, a client that sends what the fuzzer thought of, and what must be true when it has rested. */
import Database from 'better-sqlite3'
import { projections } from '../../../../projections/index.ts'
import { wireId } from '../../../../src/doors/ec2/refusals.ts'
import type { SimulatedOptions } from '../../../../src/drivers/simulated/index.ts'
import { sqlite } from '../../../../src/index.ts'
import { rest, TestClock } from '../../../runtime/clock.ts'
import { key, openEc2, otherKey, regions } from '../setting.ts'
import { presigned, signed } from '../sign.ts'
import type { Request } from './requests.ts'
import type { Value } from './values.ts'

/** How the provider is: answers at once, takes its time, or fails now and then. */
export const paces = {
  instant: { instant: true },
  slow: { latencyMs: { min: 200, max: 20_000 }, optimizeMs: 60_000 },
  faulty: {
    latencyMs: { min: 10, max: 2_000 },
    faults: { '*': { rejected: 0.04, beforeEffect: 0.04, afterEffect: 0.04, delay: 0.04 } },
  },
} satisfies Record<string, SimulatedOptions>
export type Pace = keyof typeof paces

export interface Reply {
  readonly status: number
  readonly text: string
  /** Events that callers asked for, since the request was sent. */
  readonly wrote: number
}
type View = keyof typeof projections
const views = Object.keys(projections) as View[]
/** Of each kind, so many of the youngest are asked for. */
const YOUNGEST = 8

export type FuzzedCloud = Awaited<ReturnType<typeof openCloud>>

export async function openCloud(pace: Pace, seed: number) {
  const clock = new TestClock()
  const database = new Database(':memory:')
  const faults: unknown[] = []
  const heard = (error: unknown) => void faults.push(error)
  const setting = await openEc2({
    provider: { ...paces[pace], clock, seed },
    store: sqlite({ database }),
    clock,
    door: { now: () => clock.now(), onFault: heard },
  })
  const { app, engine, url } = setting
  const states = new Map<string, { kind: string; state: string }>()
  const dens = new Map<string, string[]>()
  let page = ''
  let asked = 0
  engine.on('fault', heard)
  engine.on('event', ({ resource, kind, account, region, state, origin, version }) => {
    states.set(resource, { kind, state })
    if (origin === 'requested' || origin === 'proposed') asked += 1
    const id = wireId(resource)
    for (const den of [kind, `${kind} ${account} ${region}`]) {
      const ids = dens.get(den) ?? []
      if (version === 1) dens.set(den, [id, ...ids].slice(0, YOUNGEST))
      // The dead are still asked for now and then, among everybody's.
      else if (den !== kind && engine.catalogue.kind(kind).is(state, 'terminal'))
        dens.set(
          den,
          ids.filter(each => each !== id),
        )
    }
  })

  const textOf = (value: Value, of: string): string => {
    if (typeof value === 'string') return value.toWellFormed()
    if (value.living === 'page') return page
    const own = dens.get(`${value.living} ${of}`) ?? []
    const ids = value.anybody || own.length === 0 ? (dens.get(value.living) ?? []) : own
    return ids[value.nth % ids.length] ?? 'i-00000000000000000'
  }
  function sent({ action, pairs, carrier, by, region }: Request) {
    const names = new Set(pairs.map(([name]) => name))
    const version = names.has('Version') ? [] : [['Version', '2016-11-15'] as const]
    const as = by === 'acme' ? key : otherKey
    const of = `${as.account} ${regions[region]!.name}`
    const given = pairs.map(([name, value]) => [name.toWellFormed(), textOf(value, of)] as const)
    const parameters = [['Action', action.toWellFormed()] as const, ...version, ...given]
    const signing = {
      url,
      region: regions[region]!.name,
      key: carrier === 'forged' ? { ...as, secretAccessKey: 'guessed' } : as,
      parameters,
      at: new Date(clock.now()),
      ...(carrier === 'raw' ? { body: parameters.map(pair => pair.join('=')).join('&') } : {}),
    }
    const { host } = new URL(url)
    if (carrier === 'presigned') return { method: 'GET' as const, url: presigned(signing), headers: { host } }
    const { headers, body } = signed(signing)
    const { authorization: _, ...unsigned } = headers
    return {
      method: 'POST' as const,
      url: '/',
      headers: { host, ...(carrier === 'unsigned' ? unsigned : headers) },
      payload: body,
    }
  }

  return {
    faults,
    /** Sends it and waits for the answer; where that waits for the provider, time passes. */
    async send(request: Request): Promise<Reply> {
      if (request.afterMs) await clock.pass(request.afterMs)
      if (pace === 'instant') await engine.idle()
      const before = asked
      const { position } = engine.health()
      let isAnswered = false
      const answer = app.inject(sent(request)).finally(() => {
        isAnswered = true
      })
      for (let turns = 0; !isAnswered; turns += 1) {
        await rest()
        // One that is done at once is not waited for: what takes long then is the making of a key, and no hours pass for it.
        if (turns > 50 && pace !== 'instant') await clock.pass(500)
      }
      const { statusCode: status, payload: text } = await answer
      page = /<nextToken>(.*?)</.exec(text)?.[1] ?? page
      // Nothing else goes on in a cloud whose provider is done: there, whatever was written came from this request.
      const wrote = pace === 'instant' ? engine.health().position - position : asked - before
      return { status, text, wrote }
    },
    /** The provider recovers, and everything may take as long as it takes. */
    async comeToRest(): Promise<void> {
      setting.driver.heal()
      for (let hours = 0; hours < 12; hours += 1) await clock.pass(3_600_000)
      await engine.idle()
    },
    /** Resources that are on their way somewhere. */
    working: () => [...states].filter(([, { kind, state }]) => engine.catalogue.kind(kind).is(state, 'working')),
    /** Views that are not what the whole log makes of them. */
    async changedByRebuild(): Promise<string[]> {
      const content = (view: View) =>
        JSON.stringify(
          database.prepare(`select ${Object.keys(projections[view].columns)} from ${view} order by 1`).all(),
        )
      await engine.flush()
      const changed: string[] = []
      for (const view of views) {
        const kept = content(view)
        await engine.rebuild(view)
        if (content(view) !== kept) changed.push(view)
      }
      return changed
    },
    health: () => engine.health(),
    /** What is under way gets the time that closing grants it. */
    async close() {
      let isClosed = false
      const closing = setting.close().finally(() => {
        isClosed = true
      })
      while (!isClosed) await clock.pass(1_000)
      await closing
      database.close()
    },
  }
}
