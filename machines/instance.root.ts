/**
 * The root that a provider makes with an instance, as that provider shows it: how large it is, and what it holds. What
 * was learned is true, whatever the image said. It is no volume while its instance is there, so the instance hears it;
 * that it is not shown is no news by itself.
 */
import { ignore, type Seen } from './grammar.ts'
import type { InstanceContext, InstanceEventNamed as Named, Now } from './instance.alphabet.ts'
import { newMeasure } from './sights.ts'

const isThere = (state: string) => /^(running|suspended|stopped|recoverable)/.test(state)

/** Under the name that its provider chose, or the one it was asked for. */
const isRoot = ({ kind, id }: NonNullable<Seen['part']>, { keptRoot }: InstanceContext) =>
  kind === 'volume' && (id === keptRoot?.volume || id.endsWith('/root'))

/** What a sight of a part of an instance amounts to. */
export function partObserved({ exists, facts, part }: Seen, context: InstanceContext, state: string) {
  const { providerRoot } = context
  if (!part || !providerRoot || exists !== 'yes' || !isThere(state) || !isRoot(part, context)) return undefined
  const data = newMeasure(providerRoot, facts)
  return data && { event: 'rootMeasured', data }
}

export const rootChoices = { rootOfProvider: ({ context }: Now) => context.providerRoot !== undefined }
export const rootChanges = {
  rootMeasured: ({ context, event }: Now): Partial<InstanceContext> => ({
    providerRoot: { ...context.providerRoot!, ...(event as Named<'rootMeasured'>).data },
  }),
}
/** While nothing is done to it. */
export const measurable = {
  'instance.rootMeasured': [
    { guard: 'rootOfProvider', actions: 'rootMeasured' },
    ignore('its provider has made no root for it'),
  ],
} as const
