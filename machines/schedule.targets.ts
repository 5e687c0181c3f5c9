/**
 * What a schedule can keep: a volume, all volumes of an instance at one moment, an instance as a whole. Another sort of target is one more entry
 * in each of these two: what is asked of its owner, and the command it comes to. What the command makes takes part as
 * `machines/scheduled.ts` says.
 */
import { z } from 'zod'
import type { Tags } from './tags.ts'

export const targets = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('volume'), volume: z.string() }),
  z.strictObject({
    kind: z.literal('instance'),
    instance: z.string(),
    excludeRoot: z.boolean().optional(),
    excludeVolumes: z.array(z.string()).max(128).optional(),
  }),
  z.strictObject({ kind: z.literal('vm-snapshot'), instance: z.string(), memory: z.boolean().optional() }),
])
export type Target = z.infer<typeof targets>

interface Making {
  /** What comes of it. */
  readonly kind: string
  readonly command: string
}
export const makings: Readonly<Record<Target['kind'], Making>> = {
  volume: { kind: 'snapshot', command: 'create' },
  instance: { kind: 'snapshot-group', command: 'create' },
  'vm-snapshot': { kind: 'vm-snapshot', command: 'create' },
}

/** What is given to that command. */
export const inputOf = ({ kind: _, ...target }: Target, description: string | undefined, tags: Tags | undefined) => ({
  ...target,
  description,
  tags,
})
