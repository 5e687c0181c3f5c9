/** Every checker, one promise each. */
import { alive } from './alive.ts'
import { calls } from './calls.ts'
import type { Checker, CheckerMaker } from './checker.ts'
import { computeFirst } from './compute-first.ts'
import { disarmed } from './disarmed.ts'
import { endFirst } from './end-first.ts'
import { fenced } from './fenced.ts'
import { folded } from './folded.ts'
import { forgotten } from './forgotten.ts'
import { gapless } from './gapless.ts'
import { imageWhole } from './image-whole.ts'
import { journalled } from './journalled.ts'
import { kept } from './kept.ts'
import { limited } from './limited.ts'
import { marked } from './marked.ts'
import { metered } from './metered.ts'
import { once } from './once.ts'
import { oneObject } from './one-object.ts'
import { ownRoots } from './own-roots.ts'
import { predicted } from './predicted.ts'
import { refused } from './refused.ts'
import { resolved } from './resolved.ts'
import { sourceStays } from './source-stays.ts'
import { stored } from './stored.ts'
import { takenAtRest } from './taken-at-rest.ts'
import { tenant } from './tenant.ts'
import { trueNews } from './true-news.ts'
import { untouched } from './untouched.ts'
import { volumesStay } from './volumes-stay.ts'
import { whole } from './whole.ts'

const makers: readonly CheckerMaker[] = [
  kept,
  whole,
  folded,
  forgotten,
  gapless,
  once,
  oneObject,
  alive,
  tenant,
  fenced,
  refused,
  journalled,
  disarmed,
  computeFirst,
  endFirst,
  sourceStays,
  imageWhole,
  takenAtRest,
  calls,
  trueNews,
  resolved,
  ownRoots,
  untouched,
  marked,
  volumesStay,
  metered,
  stored,
  limited,
  predicted,
]

/** A fresh set for one world. */
export const everyChecker = (): Checker[] => makers.map(make => make())
