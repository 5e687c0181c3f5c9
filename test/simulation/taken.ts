/** Volumes that went with a guest which ended by itself, at a provider where that is the end of all it has: nobody can help that. */
import type { World } from './world.ts'

export function wentWithGuest({ provider, disturbed, log }: World, volume: string): boolean {
  const { vanishesAfterStop, attachmentsOnDestroy } = provider.describe()
  if (!vanishesAfterStop || attachmentsOnDestroy !== 'deletes') return false
  const holders = log
    .filter(({ resource }) => resource === volume)
    .map(({ data }) => (data as { instance?: string }).instance)
  return holders.some(each => each !== undefined && disturbed.has(each))
}
