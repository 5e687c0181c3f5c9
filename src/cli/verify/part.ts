/** One part of the work of `stemma verify`: the resources whose ids fall to it. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { kinds } from '../../../machines/index.ts'
import { type KindMap, sqlite, sqliteRefusals, type Verdict, verify } from '../../index.ts'
import { sha256 } from '../../system/hash.ts'

export interface PartAsked {
  readonly data: string
  /** A module that exports `kinds`, or has them as its default. */
  readonly candidate?: string
  readonly kind?: string
  readonly account?: string
  readonly from?: number
  readonly to?: number
  readonly part: number
  readonly parts: number
}

/** More than a journal holds unless somebody made it larger. */
const REFUSALS_MAX = 1_000_000

/** Throws StoreError for a file that cannot be read, and TypeError (code usage) for a candidate that is none. */
export async function verifyPart(asked: PartAsked, onProgress: (position: number) => void): Promise<Verdict> {
  const { data, candidate, part, parts, ...narrowed } = asked
  const store = sqlite({ path: data, readOnly: true })
  await store.open([])
  const refusals = existsSync(`${data}.refusals`) ? sqliteRefusals(`${data}.refusals`) : undefined
  try {
    return await verify(store, {
      ...narrowed,
      kinds: candidate === undefined ? kinds : await kindsIn(candidate),
      reference: candidate === undefined ? undefined : kinds,
      hash: sha256,
      refusals: await refusals?.read({ limit: REFUSALS_MAX }),
      isMine: resource => parts === 1 || partOf(resource, parts) === part,
      onProgress,
    })
  } finally {
    await refusals?.close()
    await store.close()
  }
}

/** Ids of one moment differ in their ends only: every character counts. */
function partOf(resource: string, parts: number): number {
  let sum = 0x811c9dc5
  for (let place = 0; place < resource.length; place += 1)
    sum = Math.imul(sum ^ resource.charCodeAt(place), 0x01000193) >>> 0
  return sum % parts
}

async function kindsIn(path: string): Promise<KindMap> {
  const found = (await import(pathToFileURL(resolve(path)).href)) as { kinds?: KindMap; default?: KindMap }
  const given = found.kinds ?? found.default
  const isKinds = (value: unknown) =>
    typeof value === 'object' && value !== null && Object.values(value).every(each => 'machine' in each)
  if (isKinds(given)) return { ...kinds, ...given }
  // Not a Failure: a thread that knew those would load the HTTP server before it could begin.
  const message = `${path} exports no 'kinds': a record of kinds, as machines/index.ts does.`
  throw Object.assign(new TypeError(message), { code: 'usage' })
}
