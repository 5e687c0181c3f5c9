/**
 * Usage: what was there, how large, and for how long, as segments of time. A segment begins and ends with an event and
 * nothing else, so the view is the same however often it is made anew, and what is reported of two periods adds up to
 * what is reported of both. The one that goes on is under its resource's name; those that are over stay for good.
 * (spec: cloudstack 4.5.)
 */
import type { Envelope } from '../machines/grammar.ts'
import { projection } from './contract.ts'
import { meterImage } from './usage.image.ts'
import { meterInstance } from './usage.instance.ts'
import { type Meter, metered, said, type UsageRow } from './usage.row.ts'
import { meterSnapshot } from './usage.snapshot.ts'
import { meterVmSnapshot } from './usage.vm-snapshot.ts'
import { meterVolume } from './usage.volume.ts'

export type { UsageRow }

const meters: Readonly<Record<string, Meter>> = {
  instance: meterInstance,
  volume: meterVolume,
  snapshot: meterSnapshot,
  'vm-snapshot': meterVmSnapshot,
  image: meterImage,
}

const isSame = (before: UsageRow, after: UsageRow) => metered.every(each => before[each] === after[each])

function begun(event: Envelope): UsageRow {
  const { resource, kind, account, region, at: fromMs, position: fromPosition, version: fromVersion } = event
  const { provider, zone } = said(event)
  return {
    key: resource,
    resource,
    kind,
    account,
    region,
    provider,
    zone,
    fromMs,
    fromPosition,
    fromVersion,
    counted: 0,
  }
}

export const usage = projection<'usage', UsageRow>({
  name: 'usage',
  version: 3,
  key: 'key',
  columns: {
    key: 'text',
    resource: 'text',
    kind: 'text',
    account: 'text',
    region: 'text',
    provider: 'text',
    zone: 'text',
    fromMs: 'integer',
    toMs: 'integer',
    fromPosition: 'integer',
    fromVersion: 'integer',
    toPosition: 'integer',
    counted: 'integer',
    running: 'integer',
    rooted: 'integer',
    offering: 'text',
    vcpus: 'integer',
    memoryBytes: 'integer',
    sizeBytes: 'integer',
    volumeType: 'text',
    instance: 'text',
    claimant: 'text',
    original: 'json',
  },
  indexes: [['account', 'toMs'], ['resource']],
  keys: ({ kind, resource }) => (Object.hasOwn(meters, kind) ? [resource] : []),
  fold: (row, event) => {
    // What it hears after its end is none of its usage.
    if (!row && event.version > 1) return undefined
    const now = meters[event.kind]!(row, event)
    if (!now) return undefined
    const after = { ...(row ?? begun(event)), ...now }
    if (row && isSame(row, after)) return isSameNote(row, after) ? row : after
    const { at: fromMs, position: fromPosition, version: fromVersion } = event
    return { ...after, fromMs, fromPosition, fromVersion }
  },
  leaves: (before, after, event) => {
    if (!before?.counted || before.fromPosition === after?.fromPosition || before.fromMs === event.at) return []
    const { claimant: _, original: __, ...segment } = before
    const key = `${before.resource}@${before.fromVersion}`
    return [{ ...segment, key, toMs: event.at, toPosition: event.position }]
  },
})

const isSameNote = (before: UsageRow, after: UsageRow) =>
  before.claimant === after.claimant && before.original === after.original
