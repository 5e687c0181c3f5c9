/**
 * What of an instance should be at its provider: its compute, and while it runs the connections of its disks. A stopped
 * one is only missed where its provider keeps what is off, and is connected to nothing. What the provider made for it,
 * its root, is its own, but no loss by itself.
 */
import type { Expected, Presence } from './grammar.ts'
import type { InstanceContext } from './instance.alphabet.ts'

/** As providers call what it is in these states. */
const statuses: Readonly<Record<string, string>> = { running: 'running', stopped: 'stopped' }

function connections(id: string, { devices, changing, impaired }: InstanceContext, isRunning: boolean): Expected[] {
  const must = isRunning && changing.length === 0 && !impaired
  return Object.values(devices)
    .filter(() => isRunning)
    .map(({ volume, status }) => ({
      kind: 'attachment',
      id: `${id}/${volume}`,
      must: must && status === 'attached',
      facts: {},
    }))
}

export const instancePresence: Presence = {
  kinds: ['instance', 'attachment'],
  cleaned: 'orphanCleaned',
  of(id, context: InstanceContext, state) {
    const [name = ''] = state.split('.')
    const status = statuses[name]
    const isRunning = name === 'running'
    const must = isRunning || (name === 'stopped' && context.offers.preserves === true)
    // A guest that is off for an image is off for a moment.
    const facts = status === undefined || context.quieted || context.rebooting ? {} : { status }
    return [
      { kind: 'instance', id, must, facts },
      ...connections(id, context, isRunning),
      { kind: 'volume', id: `${id}/root`, must: false, facts: {} },
    ]
  },
}
