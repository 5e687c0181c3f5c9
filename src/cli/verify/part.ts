/** One part of the work of `stemma verify`: the resources whose ids fall to it. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { kinds } from '../../../machines/index.ts'
import { type KindMap, type Share, sqlite, sqliteRefusals, type Verdict, verify } from '../../index.ts'
import { sha256 } from '../../system/hash.ts'

export interface PartAsked {
  readonly data: string
  /** A module that exports `kinds`, or has them as its default. */
  readonly candidate?: string
  readonly kind?: string
  readonly account?: string
  readonly from?: number
  readonly to?: number
  /** Which of how many parts of the log, and how many from there on. */
  readonly share: Share
}

/** Hears the position up to which it is done, the last one at the end, and is waited for. */
export type Progress = (position: number) => void | Promise<void>

/** More than a journal holds unless somebody made it larger. */
const REFUSALS_MAX = 1_000_000

/** Throws StoreError for a file that cannot be read, and TypeError (code usage) for a candidate that is none. */
export async function verifyPart(asked: PartAsked, onProgress: Progress): Promise<Verdict> {
  const { data, candidate, ...narrowed } = asked
  const store = sqlite({ path: data, readOnly: true })
  const { position } = await store.open([])
  const refusals = existsSync(`${data}.refusals`) ? sqliteRefusals(`${data}.refusals`) : undefined
  try {
    const verdict = await verify(store, {
      ...narrowed,
      kinds: candidate === undefined ? kinds : await kindsIn(candidate),
      reference: candidate === undefined ? undefined : kinds,
      hash: sha256,
      refusals: await refusals?.read({ limit: REFUSALS_MAX }),
      share: asked.share.count === asked.share.parts ? undefined : asked.share,
      onProgress,
    })
    await onProgress(position)
    return verdict
  } finally {
    await refusals?.close()
    await store.close()
  }
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
