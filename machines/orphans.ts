/**
 * What an operator gave up, or what a provider said it leaves: it may exist there for ever, and nobody here will ask for
 * it to go. Every kind that can leave something at a provider says so in the same way, from here:
 *
 * - alphabet: `...orphanEvents`; context: `readonly orphans?: readonly Orphan[]`;
 * - machine: actions from `orphanChanges`, guards from `orphanChoices`.
 *
 * A call that was open when it was given up stays open: should it be done after all, the orphan is none any more.
 * (spec: stateful-and-deltacloud 3a.5.)
 */
import { z } from 'zod'
import { told, type Untyped } from './grammar.ts'

const orphan = {
  provider: z.string(),
  /** `instance`, `volume`, `volumeSnapshot`, or the kind of what was made beside an instance, such as `nic`. */
  kind: z.string(),
  /** Of the object; of what was made beside an instance, that of the instance. */
  id: z.string(),
  /** What the provider said last, if it was asked and refused. */
  code: z.string().optional(),
  message: z.string().optional(),
}
export type Orphan = Readonly<z.infer<z.ZodObject<typeof orphan>>>

export const orphanEvents = {
  /** From itself, or from what is cleaned up for it: this is left at the provider, and nobody asks for its end any more. */
  orphanRecorded: told(orphan),
}

export interface Now {
  readonly context: { readonly orphans?: readonly Orphan[] }
  readonly event: Untyped
}
const kept = ({ context, event }: Now) => context.orphans?.filter(each => each.id !== event.resource) ?? []

/** What was found there and taken away is no orphan any more. */
export function withoutCleaned({ context, event }: Now): { orphans?: readonly Orphan[] } {
  const { kind, id } = event.data
  const left = context.orphans?.filter(each => each.kind !== kind || each.id !== id)
  return { orphans: left?.length ? left : undefined }
}

export const orphanChanges = {
  orphaned: ({ context, event }: Now): { orphans: readonly Orphan[] } => ({
    orphans: [...(context.orphans ?? []), event.data],
  }),
  /** The provider did it after all. */
  unorphaned: (now: Now): { orphans?: readonly Orphan[] } => ({ orphans: kept(now).length ? kept(now) : undefined }),
}

export const orphanChoices = {
  /** It was given up itself. */
  isOrphan: ({ context, event }: Now): boolean => context.orphans?.some(each => each.id === event.resource) ?? false,
}
