/**
 * What of an instance should be at its provider: its compute, and while it runs the connections of its disks. A stopped
 * one is only missed where its provider keeps what is off, and is connected to nothing; a suspended one is, and keeps the
 * disks it has. What the provider made for it, its root, is its own, but no loss by itself. One that an operator says is
 * stopped is expected neither on nor off until its provider has been heard.
 */
import type { Expected, Presence } from './grammar.ts'
import type { InstanceContext } from './instance.alphabet.ts'
import { isStalled } from './instance.stall.ts'
import { poolName } from './placement.ts'

/** As providers call what it is in these states. */
const statuses: Readonly<Record<string, string>> = {
  running: 'running',
  suspended: 'suspended',
  stopped: 'stopped',
  recoverable: 'stopped',
}

const connection = (id: string, volume: string, must: boolean): Expected => ({
  kind: 'attachment',
  id: `${id}/${volume}`,
  must,
  facts: {},
})
/** Of disks that have lives of their own. */
function connections(id: string, { devices, changing, impaired }: InstanceContext, isRunning: boolean): Expected[] {
  const must = isRunning && changing.length === 0 && !impaired
  return Object.values(devices).map(({ volume, status }) => connection(id, volume, must && status === 'attached'))
}
/** The root that its provider made: under a name that the provider chose, or the one it was asked for. */
const ownRoot = (id: string, { keptRoot, providerRoot }: InstanceContext): Expected[] =>
  [`${id}/root`, ...(keptRoot ? [keptRoot.volume] : [])].map(each => {
    return { kind: 'volume', id: each, must: false, facts: { pool: poolName(providerRoot?.pool) } }
  })

export const instancePresence: Presence = {
  kinds: ['instance', 'attachment'],
  cleaned: 'orphanCleaned',
  of(id, context: InstanceContext, state) {
    const [name = ''] = state.split('.')
    const isRunning = name === 'running'
    const status = isRunning && isStalled(context) ? 'paused' : statuses[name]
    const isOn = isRunning || name === 'suspended'
    const { unconfirmed, quieted, rebooting, keptRoot, stall } = context
    const isOff = name === 'stopped' || name === 'recoverable'
    const must = isOn || (isOff && context.offers.preserves === true && !unconfirmed)
    // A guest that is off for an image is off for a moment.
    const facts = status === undefined || quieted || rebooting || unconfirmed || stall?.asked ? {} : { status }
    return [
      { kind: 'instance', id, must, facts },
      ...(isOn || unconfirmed ? connections(id, context, isRunning) : []),
      ...(keptRoot ? [connection(id, keptRoot.volume, false)] : []),
      ...ownRoot(id, context),
    ]
  },
}
