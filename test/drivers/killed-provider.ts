/** A process that makes volumes and tells of each one that was answered, until it is killed. */
import { simulated } from '../../src/drivers/simulated/index.ts'
import { call, disk } from './calls.ts'

const driver = simulated({ instant: true, file: process.argv[2]! })
for (let round = 0; ; round++) {
  const ids = Array.from({ length: 16 }, (_, n) => `vol-${round}-${n}`)
  await Promise.all(
    ids.map(async id => {
      await driver.volumeEnsure!(id, disk, call(`${id}.1.0`))
      process.send!(id)
    }),
  )
  // Messages are sent by the event loop, which has to come round.
  await new Promise(resolve => setImmediate(resolve))
}
