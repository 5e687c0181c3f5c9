/**
 * What a provider shows of a disk without having been asked, in the same way for every kind that is one:
 *
 * - it is no longer shown (`vanished`): it is impaired, and what needs it is refused, until it is shown again
 *   (`reappeared`) or deleted;
 * - it is larger or smaller than was known, or holds more or less (`measured`): what was learned is true.
 *
 * A kind takes `...sightEvents` into its alphabet, `impaired` into its context, `...sighted('volume')` into the states in
 * which its provider must have it, `...unseen` into all others, and its changes, requirements and refusals from here.
 * (spec: drivers-and-qemu 5; reliability R12.)
 */
import { z } from 'zod'
import { ignore, type Observed, type Refusal, type RefusalInput, reported, type Seen, type Untyped } from './grammar.ts'
import { type Orphan, withoutCleaned } from './orphans.ts'

/** It had ended, and this of it was still at its provider: it was taken away, by a call with this token. */
export const cleanEvents = { orphanCleaned: reported({ token: z.string(), kind: z.string(), id: z.string() }) }
const measure = { sizeBytes: z.int().positive(), allocatedBytes: z.int().nonnegative().optional() }
/** The same of a disk that is a part of something. */
export const rootEvents = { rootMeasured: reported(measure) }
export const sightEvents = {
  vanished: reported(),
  reappeared: reported(),
  measured: reported(measure),
  ...cleanEvents,
}

export interface Sighted {
  readonly sizeBytes: number
  readonly allocatedBytes?: number
  /** Its provider no longer shows it although nobody deleted it. */
  readonly impaired?: boolean
  /** When something of it was found at its provider after its end, and taken away. */
  readonly cleanedAt?: number
  readonly orphans?: readonly Orphan[]
}
type Change = Partial<Sighted>
export interface Now {
  readonly context: Pick<Sighted, 'orphans'>
  readonly event: Untyped
}

const measured = ({ event }: Now): Change => {
  const { sizeBytes, allocatedBytes } = event.data
  return { sizeBytes, allocatedBytes }
}
export const sightChanges = {
  vanished: (): Change => ({ impaired: true }),
  reappeared: (): Change => ({ impaired: undefined }),
  measured,
  orphanCleaned: (now: Now): Change => ({ cleanedAt: now.event.at, ...withoutCleaned(now) }),
}

export const sightChoices = { impaired: ({ context }: { readonly context: Sighted }) => context.impaired === true }
export const sightRequirements = {
  present: ({ context }: { readonly context: Sighted }) => context.impaired !== true,
}
export const sightRefusals = (kind: string) =>
  ({
    present: {
      code: `${kind}Vanished`,
      sentence: ({ resource }: RefusalInput) =>
        `The provider no longer shows ${resource}; ask its operator to bring it back, or delete it.`,
    },
  }) satisfies Record<string, Refusal>

/** The entries of a kind: each under the full name of its event. */
const named = <K extends string, const T extends Readonly<Record<string, object>>>(kind: K, entries: T) =>
  Object.fromEntries(Object.entries(entries).map(([name, entry]) => [`${kind}.${name}`, entry])) as {
    readonly [E in keyof T & string as `${K}.${E}`]: T[E]
  }

const notEnded = ignore('it has not ended')
const unsettled = ignore('an open call will say what became of it')
const gone = ignore('it is gone')

/** Where its provider must have it. */
export const sighted = <const K extends string>(kind: K) =>
  named(kind, {
    vanished: [{ guard: 'impaired', ...ignore('it is known to be missing') }, { actions: 'vanished' }],
    reappeared: [{ guard: 'impaired', actions: 'reappeared' }, ignore('it was not missing')],
    measured: [{ guard: 'impaired', ...ignore('what is missing cannot be measured') }, { actions: 'measured' }],
    orphanCleaned: notEnded,
  })
/** Where nobody counts on what is seen: an open call says what becomes of it, or nothing was ever made. */
export const unseen = <const K extends string>(kind: K) =>
  named(kind, { vanished: unsettled, reappeared: unsettled, measured: unsettled, orphanCleaned: notEnded })
/** After its end. */
export const ended = <const K extends string>(kind: K) =>
  named(kind, { vanished: gone, reappeared: gone, measured: gone, orphanCleaned: { actions: 'orphanCleaned' } })

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
/** Of what a disk holds, a hundredth of its size is worth an event: an empty one that fills up has a hundred of them. */
const isWorthTelling = ({ sizeBytes, allocatedBytes: before }: Sighted, now: number | undefined) =>
  now !== undefined && (before === undefined || Math.abs(now - before) * 100 >= sizeBytes)

/** How large a disk is and what it holds, if that is new. */
export function newMeasure(known: Sighted, { sizeBytes: size, allocatedBytes: held }: Seen['facts']) {
  const sizeBytes = isSize(size) && size > 0 ? size : known.sizeBytes
  const shown = isSize(held) ? held : undefined
  const isNews = sizeBytes !== known.sizeBytes || isWorthTelling(known, shown)
  return isNews ? { sizeBytes, allocatedBytes: shown ?? known.allocatedBytes } : undefined
}

/** What a sight of a disk says that is new, in a state in which its provider must have it. */
export const diskObserved =
  (isThere: (context: Untyped, state: string) => boolean): Observed =>
  ({ exists, facts }, context: Sighted, state) => {
    if (!isThere(context, state)) return undefined
    if (exists === 'no') return context.impaired ? undefined : { event: 'vanished', data: {} }
    if (exists !== 'yes') return undefined
    if (context.impaired) return { event: 'reappeared', data: {} }
    const data = newMeasure(context, facts)
    return data && { event: 'measured', data }
  }
