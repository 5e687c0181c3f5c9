/** What is kept of machines, asked of the driver itself, as an engine would: until it is done or certainly not. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Outcome } from '../../src/drivers/driver.ts'
import { context } from '../drivers/qemu/asking.ts'
import type { Kept } from './load.ts'
import type { openEngine } from './setting.ts'

const attemptsMax = 50

/** Returns how it ended: `done`, or the code with which it was not. */
export async function keep(
  { engine, driver }: Awaited<ReturnType<typeof openEngine>>,
  { verb, instance, snapshot }: Kept,
  token: string,
): Promise<string> {
  const row = await engine.as({ account: 'acme', actor: 'chaos' }).get(instance)
  const { generation, devices } = row.attributes
  const volumes = devices.map((each: { volume: string }) => each.volume)
  const memory = row.state === 'running'
  const asked = { ...context(token), owner: engine.owner }
  const spec = { snapshot, memory, generation, volumes }
  let outcome: Outcome =
    verb === 'vmSnapshotEnsure'
      ? await driver.vmSnapshotEnsure!(instance, spec, asked)
      : await driver.vmSnapshotDelete!(instance, { snapshot }, asked)
  for (let attempt = 0; outcome.kind === 'pending' && attempt < attemptsMax; attempt += 1) {
    await sleep(20)
    outcome = await driver.poll(outcome.handle, asked)
  }
  return outcome.kind === 'done' || outcome.kind === 'pending' ? outcome.kind : outcome.error.code
}
