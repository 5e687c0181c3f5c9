/**
 * An instance is allocated from its launch until its compute is gone, and runs while its state is running: nobody pays for
 * a provider that is slow to clean up, nor while it is kept so that it may be recovered. A root that its provider makes is
 * no volume; it is counted with its instance, from when that is made.
 * (spec: ec2 16, 18; cloudstack 4.1; docs/decisions/0025, 0056, 0063.)
 */
import type { Envelope } from '../machines/grammar.ts'
import { type Meter, said } from './usage.row.ts'

const sizing = new Set(['instance.launchRequested', 'instance.modifyRequested', 'instance.settingsRestored'])

/** Not made yet, or not again after its provider lost it. */
const isUnmade = (state: string) =>
  state === 'absent' || state.startsWith('pending.preparing') || state.startsWith('pending.creating')

export const meterInstance: Meter = (before, event) => {
  const { state } = event
  const now = meterCompute(event)
  if (!now) return undefined
  const sizeBytes = rootAfter(before?.sizeBytes, event)
  return sizeBytes === undefined ? now : { ...now, sizeBytes, rooted: isUnmade(state) ? 0 : 1 }
}

/** The size of the root that its provider makes, if it does. */
function rootAfter(before: number | undefined, event: Envelope): number | undefined {
  if (event.type === 'instance.launchRequested') return said(event).providerRoot?.sizeBytes
  return before !== undefined && event.type === 'instance.rootMeasured' ? said(event).sizeBytes : before
}

function meterCompute(event: Envelope): ReturnType<Meter> {
  const { type, state } = event
  if (state === 'terminated' || state === 'shutting-down.cleaning') return undefined
  if (state === 'recoverable') return { running: 0, counted: 0 }
  if (type === 'instance.recoverRequested') return { running: 0, counted: 1 }
  const running = state === 'running' || state.startsWith('running.') ? 1 : 0
  if (!sizing.has(type)) return { running }
  const { type: offering, vcpus, memoryBytes } = said(event)
  const sized = {
    ...(offering !== undefined && { offering }),
    ...(vcpus && { vcpus }),
    ...(memoryBytes && { memoryBytes }),
  }
  return { ...sized, running, counted: 1 }
}
