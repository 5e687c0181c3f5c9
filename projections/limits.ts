/**
 * Limits: what each account has, what is the most it may have, and the same for each domain with all that is below it.
 * A row for each resource says what it takes; it counts in the row of its account, that in the row of its domain, and
 * so on upwards, but not in the root. All of it is in the transaction of the events, so nobody gets what another got.
 * A limit is an event of the account or domain; one that is lower than what there is takes nothing away, and lets
 * nothing be added. (spec: cloudstack 5.)
 */
import type { Envelope } from '../machines/grammar.ts'
import type { LimitName } from '../machines/limits.ts'
import { type Amounts, type Objection, projection } from './contract.ts'
import { taken } from './limits.takes.ts'

/** What is limited, in words for the refused. */
export const measures: Readonly<Record<LimitName, { readonly code: string; readonly noun: string }>> = {
  instances: { code: 'instanceLimitExceeded', noun: 'instances' },
  vcpus: { code: 'vcpuLimitExceeded', noun: 'vCPUs' },
  memoryBytes: { code: 'memoryLimitExceeded', noun: 'bytes of memory' },
  volumes: { code: 'volumeLimitExceeded', noun: 'volumes' },
  primaryBytes: { code: 'primaryStorageLimitExceeded', noun: 'bytes of volumes' },
  snapshots: { code: 'snapshotLimitExceeded', noun: 'snapshots' },
  secondaryBytes: { code: 'secondaryStorageLimitExceeded', noun: 'bytes of snapshots' },
  vmSnapshots: { code: 'vmSnapshotLimitExceeded', noun: 'VM snapshots' },
  images: { code: 'imageLimitExceeded', noun: 'images' },
}

export interface LimitRow {
  /** Id of a resource, account or domain. */
  readonly key: string
  readonly holder: 'resource' | 'account' | 'domain'
  /** 1 of an account or domain that somebody made: its row stays when there is nothing in it. */
  readonly declared?: number
  /** The row it counts in. */
  readonly above?: string
  readonly used: Amounts
  /** Of an account or domain: the most there may be of each. */
  readonly limits?: Amounts
  /** Of a volume whose size is being changed: what it returns to if that fails. */
  readonly originalBytes?: number
  /** Of an instance that is being taken back, or may be recovered: what it has again if that fails, or if it is. */
  readonly original?: Amounts
}

const ROOT = 'domain/root'
const holders: Readonly<Record<string, 'account' | 'domain'>> = { account: 'account', domain: 'domain' }

/** Of an account or a domain: where it is, and what is set. */
function held(row: LimitRow | undefined, { type, resource, kind, data }: Envelope): LimitRow {
  const before = { key: resource, holder: holders[kind]!, used: {}, ...row, declared: 1 }
  const { domain, parent, limits } = data as {
    domain?: string
    parent?: string
    limits?: Record<string, number | null>
  }
  if (type === 'account.openRequested' || type === 'domain.createRequested') {
    const above = `domain/${domain ?? parent}`
    return (domain ?? parent) === undefined || above === ROOT ? before : { ...before, above }
  }
  const all = Object.entries({ ...before.limits, ...limits }).filter(
    (each): each is [string, number] => each[1] !== null,
  )
  return { ...before, limits: Object.fromEntries(all) }
}

const holderEvents = new Set([
  'account.openRequested',
  'account.limitRequested',
  'domain.createRequested',
  'domain.limitRequested',
])

export const limits = projection<'limits', LimitRow>({
  name: 'limits',
  version: 3,
  key: 'key',
  columns: {
    key: 'text',
    holder: 'text',
    declared: 'integer',
    above: 'text',
    used: 'json',
    limits: 'json',
    originalBytes: 'integer',
    original: 'json',
  },
  indexes: [['holder', 'key']],
  consistency: 'claimed',
  keys: event => (holderEvents.has(event.type) || taken(event) ? [event.resource] : []),
  fold: (row, event) => {
    if (holderEvents.has(event.type)) return held(row, event)
    const { resource: key, account } = event
    const now = taken(event)!(row, event)
    if (!now) return undefined
    const isSettled = row?.originalBytes === now.originalBytes && !row?.original === !now.original
    if (row && isSettled && isSame(row.used, now.used)) return row
    return { key, holder: 'resource', above: `account/${account}`, ...now }
  },
  counts: ({ above, used }) => (above === undefined ? undefined : { in: above, amounts: used }),
  add: (row, key, amounts) => {
    const before: LimitRow = row ?? { key, holder: holders[key.slice(0, key.indexOf('/'))]!, used: {} }
    const sums = { ...before.used }
    for (const [name, amount] of Object.entries(amounts)) sums[name] = (sums[name] ?? 0) + amount
    const used = Object.fromEntries(Object.entries(sums).filter(([, amount]) => amount !== 0))
    return Object.keys(used).length === 0 && !before.declared ? undefined : { ...before, used }
  },
  objects: (before, { key, holder, used, limits = {} }) =>
    Object.entries(limits).flatMap(([name, limit]): Objection[] => {
      const [had, has] = [before?.used[name] ?? 0, used[name] ?? 0]
      if (has <= limit || has <= had) return []
      const { code, noun } = measures[name as LimitName]
      const sentence = `The ${holder} ${key.slice(key.indexOf('/') + 1)} may have ${limit} ${noun}: it has ${had}, and this takes ${has - had} more.`
      return [{ requirement: 'withinLimits', code, sentence }]
    }),
})

const isSame = (a: Amounts, b: Amounts) => {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every(name => a[name] === b[name])
}
