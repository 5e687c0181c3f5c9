/**
 * Volumes that went with their instance although nothing here says so, at a provider that deletes what an instance has: of a
 * guest that ended by itself where that is its end, or of an instance whose end an operator gave up, and which ended after
 * all. Nobody can help that.
 */
import { givenUp } from './given-up.ts'
import type { World } from './world.ts'

export function wentWithGuest(world: World, volume: string): boolean {
  const { provider, disturbed, log } = world
  const { vanishesAfterStop, attachmentsOnDestroy } = provider.describe()
  if (attachmentsOnDestroy !== 'deletes') return false
  const holders = log
    .filter(({ resource }) => resource === volume)
    .map(({ data }) => (data as { instance?: string }).instance)
  const gone = new Set([...(vanishesAfterStop ? disturbed : []), ...givenUp(world).map(({ id }) => id)])
  return holders.some(each => each !== undefined && gone.has(each))
}
