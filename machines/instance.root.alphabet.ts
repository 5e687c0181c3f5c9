/** What a launch decides about the root, and an instance remembers of it. (spec: stateful-and-deltacloud 3a.5.) */
import { z } from 'zod'
import { type RootOwner, rootOwners } from './instance.mode.ts'

export interface Rooted {
  /** The root that its provider made needs the image for as long as the instance exists. */
  readonly pinsImage?: boolean
  /** Who made its root, and so who cleans it up; `image`: it runs on its image itself. */
  readonly rootOwner: RootOwner
  /** Of a root that its provider makes: its place at a provider that has pools, its size, and what it holds if that is known. */
  readonly providerRoot?: { readonly pool?: string; readonly sizeBytes: number; readonly allocatedBytes?: number }
  /** The volume that its provider makes for its root, where that may be there when the instance is gone. */
  readonly keptRoot?: { readonly volume: string; readonly sizeBytes: number }
}

export const rootShape = {
  rootOwner: z.enum(rootOwners),
  /** The root is no copy of the image: it cannot do without. */
  pinsImage: z.boolean().optional(),
  /** Of a root that is made as a volume: it can be nothing else. */
  onlyRoot: z.boolean().optional(),
  providerRoot: z.strictObject({ sizeBytes: z.int().positive(), pool: z.string().optional() }).optional(),
  keptRoot: z.strictObject({ volume: z.string(), sizeBytes: z.int().positive() }).optional(),
}

/** As its provider knows it: by the id that it may have as a volume one day, or as a part of its instance. */
export const providerRootName = ({ keptRoot }: Pick<Rooted, 'keptRoot'>, instance: string): string =>
  keptRoot?.volume ?? `${instance}/root`
