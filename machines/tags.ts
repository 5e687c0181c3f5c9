/**
 * Tags: up to fifty texts by key, which the owner of a resource hangs on it. They mean nothing to any rule, and every
 * kind that has them has them in the same way, from here:
 *
 * - alphabet: `...tagEvents`, and `tags: tags.optional()` in what gives birth;
 * - context: `readonly tags?: Tags`, undefined where there are none;
 * - machine: `...taggable('volume')` in each state in which a reader finds the resource, its guards from `tagChoices`,
 *   its actions from `tagChanges`, and `tagsFew` among the needs of the birth;
 * - catalogue: `...tagRequirements`, `...tagRefusals`, `...tagCommands`.
 *
 * Which keys are reserved is a matter of doors. (spec: ec2 9.)
 */
import { z } from 'zod'
import { command, needs, type Refusal, type RefusalInput, requested, type Untyped } from './grammar.ts'

export type Tags = Readonly<Record<string, string>>

/** Most tags of one resource. */
export const TAGS_MAX = 50

const key = z.string().min(1).max(128)
export const tags = z.record(key, z.string().max(256))
/** What to take off: the tag with this key, whatever its value or only if it has this one. */
const untag = z.strictObject({ key, value: z.string().max(256).optional() })

export const tagEvents = {
  tagRequested: requested({ tags }),
  untagRequested: requested({ tags: z.array(untag) }),
}

export interface Now {
  readonly context: { readonly tags?: Tags }
  readonly event: Untyped
}

/** Without what an `untag` names: a key it does not have, or has with another value, stays out of it. */
function withoutTags(held: Tags, named: readonly z.infer<typeof untag>[]): Tags {
  const goes = ([key, value]: [string, string]) =>
    named.some(each => each.key === key && (each.value === undefined || each.value === value))
  return Object.fromEntries(Object.entries(held).filter(tag => !goes(tag)))
}

/** How the memory of a resource changes with `tag` and `untag`. */
export const tagChanges = {
  tagged: ({ context, event }: Now): { tags?: Tags } => ({ tags: { ...context.tags, ...event.data.tags } }),
  untagged: ({ context, event }: Now): { tags?: Tags } => {
    const tags = withoutTags(context.tags ?? {}, event.data.tags)
    return { tags: Object.keys(tags).length ? tags : undefined }
  },
}

/** What picks the branch in which nothing changes. */
export const tagChoices = {
  tagsThere: ({ context: { tags = {} }, event }: Now): boolean =>
    Object.entries(event.data.tags).every(([key, value]) => Object.hasOwn(tags, key) && tags[key] === value),
  tagsGone: ({ context: { tags = {} }, event }: Now): boolean =>
    Object.keys(withoutTags(tags, event.data.tags)).length === Object.keys(tags).length,
}

export const tagRequirements = {
  tagsFew: ({ context, event }: Now): boolean =>
    Object.keys({ ...context.tags, ...event.data.tags }).length <= TAGS_MAX,
}
export const tagRefusals = {
  tagsFew: {
    code: 'tagLimitExceeded',
    sentence: ({ resource }: RefusalInput) => `${resource} may have ${TAGS_MAX} tags, no more; take some off first.`,
  },
} satisfies Record<string, Refusal>

/** `tag` and `untag` of a state, for a kind. The same tags once more, or none of those named: nothing to do. */
export const taggable = <const K extends string>(kind: K) =>
  ({
    [`${kind}.tagRequested`]: [{ guard: 'tagsThere' }, { guard: needs('tagsFew'), actions: 'tagged' }],
    [`${kind}.untagRequested`]: [{ guard: 'tagsGone' }, { actions: 'untagged' }],
  }) as { readonly [T in `${K}.tagRequested`]: TagBranches } & { readonly [T in `${K}.untagRequested`]: UntagBranches }
type TagBranches = readonly [
  { readonly guard: 'tagsThere' },
  { readonly guard: ReturnType<typeof needs<'tagsFew'>>; readonly actions: 'tagged' },
]
type UntagBranches = readonly [{ readonly guard: 'tagsGone' }, { readonly actions: 'untagged' }]

export const tagCommands = {
  tag: command({
    event: 'tagRequested',
    summary: 'Sets tags; one whose key is there already is overwritten.',
    who: 'owner',
    input: { tags },
  }),
  untag: command({
    event: 'untagRequested',
    summary: 'Takes tags off, by key, or only where a tag has the value that is given; missing ones are ignored.',
    who: 'owner',
    input: { tags: z.array(untag).max(1000) },
  }),
}
