/** A pool of its own, drivers on it that are closed again, and an instance that runs. */
import { join } from 'node:path'
import type { Driver, Observation } from '../../../src/drivers/driver.ts'
import { type QemuOptions, qemu } from '../../../src/drivers/qemu/index.ts'
import { Qmp, type QmpOptions } from '../../../src/drivers/qemu/qmp.ts'
import { context, doing, instanceSpec, start, volumeSpec } from './asking.ts'
import { inFolder } from './debian.ts'
import { endAll } from './processes.ts'

export type Open = (options?: Partial<QemuOptions>) => Driver

export const openedOn = async (
  pool: string,
  work: (driver: Driver, pool: string, open: Open) => Promise<void>,
): Promise<void> => {
  const opened: Driver[] = []
  const open: Open = options => {
    opened.push(qemu({ pool, gracefulMs: 300, ...options }))
    return opened.at(-1)!
  }
  try {
    await work(open(), pool, open)
  } finally {
    for (const driver of opened) await driver.close!()
    await endAll(pool)
  }
}
export const onPool = (work: (driver: Driver, pool: string, open: Open) => Promise<void>) =>
  inFolder(pool => openedOn(pool, work))

/** An instance `i-1` that runs, with `vol-root` and the other volumes. */
export const running = async (driver: Driver, ...others: string[]): Promise<void> => {
  const volumes = ['vol-root', ...others]
  for (const volume of volumes) await doing(driver, 'volumeEnsure', volume, volumeSpec())
  await doing(driver, 'instanceEnsure', 'i-1', instanceSpec(volumes))
  await doing(driver, 'instancePower', 'i-1', start())
}
export const seen = (driver: Driver, id = 'i-1'): Promise<Observation> => driver.observe('instance', id, context())
export const volumeAt = (pool: string, id: string) => join(pool, 'volumes', `${id}.qcow2`)
export const off = (mode: 'hard' | 'graceful' = 'hard', generation = 1) => ({ want: 'off', mode, generation })

/** For tests that speak with a machine themselves: a busy computer takes its time, and what hangs ends with its test. */
export const patient: QmpOptions = { greetingTimeoutMs: 240_000, commandTimeoutMs: 240_000 }

/** Talks to the machine past the driver. */
export async function monitored<T>(pool: string, work: (qmp: Qmp) => Promise<T>, instance = 'i-1'): Promise<T> {
  const qmp = await Qmp.connect(join(pool, 'run', instance, 'qmp'), patient)
  try {
    return await work(qmp)
  } finally {
    qmp.close()
    await qmp.closed
  }
}
