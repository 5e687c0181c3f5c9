/** An engine's process that has a pool: opens the one given, says so, and stays. Ends with 7 where it may not have it. */
import { PoolInUse, qemu } from '../../../src/drivers/qemu/index.ts'

try {
  qemu({ pool: process.argv[2]! })
} catch (error) {
  process.exit(error instanceof PoolInUse ? 7 : 1)
}
process.stdout.write('opened\n')
setInterval(() => {}, 1_000)
