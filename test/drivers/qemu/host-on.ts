/** The parts of a driver without the driver: a test may put another in the place of one, and meet a moment for certain. */
import { capabilities } from '../../../src/drivers/driver.ts'
import { Held, type Host } from '../../../src/drivers/qemu/host.ts'
import { Machines, type MachinesOptions } from '../../../src/drivers/qemu/machines.ts'
import { Pool } from '../../../src/drivers/qemu/pool.ts'
import { Records } from '../../../src/drivers/qemu/records.ts'

/** Holds the pool until `host.pool.release()`. */
export function hostOn(folder: string, options: Partial<MachinesOptions> = {}): Host {
  const pool = new Pool(folder)
  return {
    ...{ pool, records: new Records(pool, Date.now()), copied: new Held(), owner: 'stemma', now: Date.now },
    machines: new Machines(pool, { accelerator: () => 'tcg', endWithinMs: 3_000, ...options }),
    ...{ declared: capabilities({}), gracefulMs: 300 },
  }
}
