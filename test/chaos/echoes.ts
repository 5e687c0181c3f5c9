/** Calls that were done, made once more when what they made is gone: an id is used once, and an echo makes nothing. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Database from 'better-sqlite3'
import type { Envelope } from '../../machines/grammar.ts'
import type { Outcome } from '../../src/drivers/driver.ts'
import { askToken } from '../../src/runtime/snapshot.ts'
import { context } from '../drivers/qemu/asking.ts'
import { databaseOf, type openEngine, poolOf } from './setting.ts'

const making = ['volumeEnsure', 'volumeSnapshotEnsure', 'instanceEnsure'] as const
type Making = (typeof making)[number]
interface Call {
  readonly resource: string
  readonly verb: Making
  readonly token: string
  readonly args: unknown
}

/** Returns how many calls were made again. Throws an Error that names the one that made something. */
export async function checkEchoes(
  { engine, driver }: Awaited<ReturnType<typeof openEngine>>,
  folder: string,
): Promise<number> {
  const done = callsDone(databaseOf(folder))
  for (const { resource, verb, token, args } of done) {
    const asked = { ...context(token), owner: engine.owner }
    let outcome: Outcome = await (driver[verb] as typeof driver.instanceEnsure)(resource, args as never, asked)
    while (outcome.kind === 'pending') {
      await sleep(10)
      outcome = await driver.poll(outcome.handle, asked)
    }
    for (const part of ['volumes', 'snapshots', 'run']) {
      const names = readdirSync(join(poolOf(folder), part))
      if (names.length > 0)
        throw new Error(`${verb} ${resource}, made again after its end, left ${names.join()} in ${part}`)
    }
  }
  return done.length
}

/** In the order of their answers. */
function callsDone(file: string): Call[] {
  const calls = new Map<string, Call>()
  const done: Call[] = []
  const database = new Database(file, { readonly: true })
  try {
    for (const text of database.prepare('SELECT text FROM events ORDER BY position').pluck().all() as string[]) {
      const { resource, version, wants = [], answers, type } = JSON.parse(text) as Envelope
      const asks = wants.filter(each => each.want === 'ask')
      for (const [index, want] of asks.entries()) {
        if (!making.includes(want.verb as Making)) continue
        const token = askToken(resource, version, index)
        calls.set(token, { resource, verb: want.verb as Making, token, args: want.args })
      }
      const call = answers === undefined ? undefined : calls.get(answers)
      if (call && !type.endsWith('Failed')) done.push(call)
    }
    return done
  } finally {
    database.close()
  }
}
