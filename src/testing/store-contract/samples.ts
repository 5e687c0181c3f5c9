/** Rows of every sort, as small as the contract allows. */
import type { Projection } from '../../../projections/contract.ts'
import type { AskRow, Commit, EndingRow, SnapshotRow, StoredEvent, TimerRow, TokenRow } from '../../store/store.ts'

export const nothing: Commit = {
  events: [],
  asksOpened: [],
  asksClosed: [],
  asksUpdated: [],
  timersArmed: [],
  timersDisarmed: [],
  tokens: [],
  claims: [],
}

export const event = (position: number, resource = 'i-1', version = position): StoredEvent => ({
  position,
  resource,
  version,
  text: JSON.stringify({ at: 1_000 + position, resource, version }),
  digest: `digest of ${position}`,
})

export const ask = (token: string, rest: Partial<AskRow> = {}): AskRow => ({
  token,
  resource: 'i-1',
  verb: 'instanceEnsure',
  provider: 'lab',
  args: '{"vcpus":2}',
  done: 'instance.started',
  rejected: 'instance.startFailed',
  supersedes: false,
  position: 1,
  correlation: 1,
  attempts: 0,
  dueAt: 0,
  handle: undefined,
  lastError: undefined,
  ...rest,
})

export const timer = (resource: string, dueAt: number, rest: Partial<TimerRow> = {}): TimerRow => ({
  resource,
  event: 'instance.stopTimedOut',
  dueAt,
  position: 1,
  correlation: 1,
  ...rest,
})

export const token = (name: string, rest: Partial<TokenRow> = {}): TokenRow => ({
  account: 'acme',
  token: name,
  digest: `digest of ${name}`,
  result: '[{"id":"i-1"}]',
  at: 1_000,
  ...rest,
})

export const snapshot = (resource: string, version = 1, text = `{"version":${version}}`): SnapshotRow => ({
  resource,
  version,
  rules: 1,
  text,
})

export const ending = (resource: string, position: number, kind = 'instance'): EndingRow => ({
  resource,
  kind,
  position,
  at: 1_000 + position,
})

/** The suite writes rows itself, so these fold nothing. */
const unfolded = { keys: () => [], fold: () => undefined }

export const limits: Projection = {
  name: 'limits',
  version: 1,
  key: 'account',
  columns: { account: 'text', used: 'integer', names: 'json' },
  consistency: 'claimed',
  ...unfolded,
}

export const inventory: Projection = {
  name: 'inventory',
  version: 1,
  key: 'id',
  columns: { id: 'text', state: 'text', sizeBytes: 'integer', load: 'real', tags: 'json' },
  indexes: [['state', 'sizeBytes']],
  ...unfolded,
}

export const lineage: Projection = {
  name: 'lineage',
  version: 1,
  key: 'id',
  columns: { id: 'text', parent: 'text' },
  ...unfolded,
}

export const perResource: Projection = {
  name: 'roster',
  version: 1,
  key: 'id',
  columns: { id: 'text' },
  perResource: true,
  ...unfolded,
}

export const views: readonly Projection[] = [limits, inventory, lineage]
