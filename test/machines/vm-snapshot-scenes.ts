/** Instances with VM snapshots, as tests begin with them. */
import { expect } from 'vitest'
import type { DeclaredCapabilities } from '../../src/drivers/capabilities.ts'
import { able, furnished, outcome, type World } from './world.ts'

export type Offered = NonNullable<DeclaredCapabilities['vmSnapshot']>
export const offering = (more: Offered): DeclaredCapabilities => ({
  ...able,
  vmSnapshot: { ...able.vmSnapshot, ...more },
})

export function running(declared: DeclaredCapabilities = able, input: Record<string, unknown> = {}) {
  const { world, image } = furnished(declared)
  const { id } = world.request('instance', 'launch', undefined, { image, type: 'small', ...input })
  world.settle()
  const { sda, sdb } = world.get(id).context.devices
  return { world, id, root: sda?.volume as string, data: sdb?.volume as string }
}
export function stopped(declared?: DeclaredCapabilities) {
  const scene = running(declared)
  scene.world.request('instance', 'stop', scene.id)
  scene.world.settle()
  return scene
}
export const taking = (world: World, instance: string, input: Record<string, unknown> = {}) =>
  world.request('vm-snapshot', 'create', undefined, {
    instance,
    memory: world.visible(instance) === 'running',
    ...input,
  }).id
export const taken = (world: World, instance: string, input: Record<string, unknown> = {}) => {
  const id = taking(world, instance, input)
  world.settle()
  expect(world.get(id).state).toBe('ready')
  return id
}
export const doing = (
  world: World,
  snapshot: string,
  command: 'revert' | 'delete',
  input: Record<string, unknown> = {},
) => {
  world.request('vm-snapshot', command, snapshot, input)
  world.settle()
}
export const asked = (world: World, id: string) => (world.asks.get(id) ?? []).map(({ verb }) => verb)
export const take = (world: World, instance: string, input: Record<string, unknown> = {}) =>
  outcome(() => world.request('vm-snapshot', 'create', undefined, { instance, ...input }))
export const ask = (
  world: World,
  kind: 'instance' | 'volume' | 'vm-snapshot' | 'snapshot' | 'image',
  name: string,
  id?: string,
  input = {},
) => outcome(() => world.request(kind, name, id, input))
