/** What a simulated guest writes to its console: a line for each launch it has had, and for each reset. */
import type { ConsoleOutput } from '../driver.ts'
import type { World } from './world.ts'

/** The console of an instance since it was made; undefined if there is none. */
export function consoleOf(world: World, id: string): ConsoleOutput | undefined {
  const instance = world.instances.get(id)
  if (!instance) return undefined
  const { host, launched, resets, status, madeAt, privateAddress } = instance
  const launches = Array.from({ length: launched }, (_, index) => `[launch ${index + 1}] ${id} boots on ${host}`)
  const lines = [
    ...launches,
    ...Array.from({ length: resets }, () => `[launch ${launched}] ${id} boots again after a reset`),
    ...(launched > 0 && status === 'running' ? [`${id} login: (${privateAddress})`] : []),
  ]
  return { outputBase64: Buffer.from(lines.map(line => `${line}\r\n`).join('')).toString('base64'), at: madeAt }
}
