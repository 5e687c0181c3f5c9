/** Short ways to say the calls of these tests. */
import type { CallContext, InstanceSpec } from '../../src/drivers/driver.ts'

export const never = new AbortController().signal
export const call = (token: string, rest: Partial<CallContext> = {}): CallContext => ({
  token,
  attempt: 1,
  deadline: Number.POSITIVE_INFINITY,
  signal: never,
  now: Date.now,
  ...rest,
})
export const gigabyte = 1_000_000_000
export const disk = { sizeBytes: gigabyte, zone: 'a' }
export const server = (volume: string, rest: Partial<InstanceSpec> = {}): InstanceSpec => ({
  zone: 'a',
  image: 'img-1',
  vcpus: 2,
  memoryBytes: 4 * gigabyte,
  generation: 1,
  devices: [{ device: '/dev/vda', volume, root: true }],
  ...rest,
})
