/** Where tests of snapshots and images begin. */
import { furnished, GiB, type World } from './world.ts'

export const states = (world: World, ...ids: string[]) => ids.map(id => world.get(id).state)
export const asked = (world: World, id: string) => (world.asks.get(id) ?? []).map(each => each.verb)

/** An available volume of 8 GiB, and a completed snapshot of it. */
export function snapped() {
  const { world } = furnished()
  const volume = world.request('volume', 'create', undefined, { sizeBytes: 8 * GiB }).id
  world.settle()
  const snapshot = world.request('snapshot', 'create', undefined, { volume }).id
  world.settle()
  return { world, volume, snapshot }
}

/** A running instance with a root of 8 GiB and, as sdb, a data volume of 2 GiB. */
export function running(input: Record<string, unknown> = {}) {
  const { world, image } = furnished()
  const { id } = world.request('instance', 'launch', undefined, { image, type: 'small', ...input })
  world.settle()
  const { sda, sdb } = world.get(id).context.devices
  return { world, id, image, root: sda.volume as string, data: sdb.volume as string }
}
export function stopped() {
  const scene = running()
  scene.world.request('instance', 'stop', scene.id)
  scene.world.settle()
  return scene
}
