/**
 * Where a volume goes: the pool of its provider and zone with the most room left, decided with the command and recorded
 * in its event. Pools are optional: where a provider has none in the zone, its volumes are placed by the provider itself.
 * The figures are read as claims, so the last byte is given away once. (spec: cloudstack 3.2; docs/decisions/0045.)
 */
import { claim, type FactSource, type Json, type Refusal, type RefusalInput } from './grammar.ts'

/** The pools of the provider that a command names, with what is on them: a fact of commands that make volumes. */
export const poolsThere: FactSource = claim('pools', [{ text: 'provider' }, 'provider'], 'pools')

/** Its name as its provider knows it. */
export const poolName = (pool: string | undefined): string | undefined => pool?.slice('pool/'.length)

/** A pool, as a view keeps it. */
export interface KnownPool {
  readonly key: string
  readonly zone: string
  readonly settings: {
    readonly enabled: boolean
    readonly totalBytes: number
    readonly overprovisionFactor: number
    readonly allocationThreshold?: number
    readonly volumeTypes?: readonly string[]
  }
  readonly figures?: Readonly<Record<string, number>>
}
interface Wanted {
  readonly sizeBytes: number
  readonly volumeType?: string
}

const committed = ['allocatedBytes', 'requestedBytes', 'reclaimableBytes', 'branchBytes', 'memoryBytes'] as const
function roomIn({ settings, figures = {} }: KnownPool): number {
  const { totalBytes, overprovisionFactor, allocationThreshold = 1 } = settings
  const taken = committed.reduce((sum, name) => sum + (figures[name] ?? 0), 0)
  return Math.floor(totalBytes * overprovisionFactor * allocationThreshold) - taken
}

/**
 * A pool for each of the volumes, all of which are to have a place at once; none where there are no pools in the zone.
 * Or what the refusal says, where one of them fits nowhere.
 */
export function placed(
  pools: readonly KnownPool[] | null | undefined,
  zone: string,
  wanted: readonly Wanted[],
): { readonly pools: readonly (string | undefined)[]; readonly fault?: Json } {
  const here = (pools ?? []).filter(each => each.zone === zone)
  if (here.length === 0) return { pools: wanted.map(() => undefined) }
  const room = new Map(here.map(each => [each, roomIn(each)]))
  const chosen: string[] = []
  for (const each of wanted) {
    const able = here.filter(({ settings }) => settings.enabled && takes(settings, each))
    const [best] = able.sort((a, b) => room.get(b)! - room.get(a)! || (a.key < b.key ? -1 : 1))
    const free = best ? room.get(best)! : 0
    if (!best || free < each.sizeBytes) {
      const fault = { zone, pools: here.length, sizeBytes: each.sizeBytes, freeBytes: Math.max(free, 0) }
      return { pools: [], fault }
    }
    room.set(best, free - each.sizeBytes)
    chosen.push(best.key)
  }
  return { pools: chosen }
}
/** What a volume that is to be moved is like now. */
interface Held extends Wanted {
  readonly zone: string
  readonly pool?: string
}
/**
 * Another pool for a volume: the one that is named, or that with the most room; and what the refusal says where there is
 * none, or none with room. The one it is in already is an answer too, if it is named.
 */
export function moved(
  pools: readonly KnownPool[] | null | undefined,
  { zone, pool: from, sizeBytes, volumeType }: Held,
  named: string | undefined,
): { readonly pool?: string; readonly faults: Readonly<Record<string, Json | undefined>> } {
  const given = named === undefined || named.startsWith('pool/') ? named : `pool/${named}`
  if (given !== undefined && given === from) return { pool: given, faults: {} }
  const wanted = { sizeBytes, volumeType }
  const able = (pools ?? []).filter(
    ({ key, zone: there, settings }) =>
      there === zone && key !== from && (given ?? key) === key && settings.enabled && takes(settings, wanted),
  )
  if (able.length === 0) return { pool: given, faults: { poolOffered: { zone, pool: given } } }
  const { pools: chosen, fault } = placed(able, zone, [wanted])
  return { pool: chosen[0], faults: { poolRoom: fault } }
}

/** One that names types takes no others. */
const takes = ({ volumeTypes }: KnownPool['settings'], { volumeType }: Wanted) =>
  volumeTypes === undefined || (volumeType !== undefined && volumeTypes.includes(volumeType))

export const placementRefusals = {
  poolRoom: {
    code: 'poolsFull',
    sentence: ({ data }: RefusalInput) =>
      `No pool in zone ${data.zone} has room for a volume of ${data.sizeBytes} bytes; the most that is free for it in one is ${data.freeBytes}.`,
  },
} satisfies Record<string, Refusal>
