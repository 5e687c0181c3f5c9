/**
 * An instance is allocated from its launch until its compute is gone, and runs while its state is running: nobody pays for
 * a provider that is slow to clean up, nor while it is kept so that it may be recovered.
 * (spec: ec2 16, 18; cloudstack 4.1; docs/decisions/0025, 0056.)
 */
import { type Meter, said } from './usage.row.ts'

const sizing = new Set(['instance.launchRequested', 'instance.modifyRequested', 'instance.settingsRestored'])

export const meterInstance: Meter = (_, event) => {
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
