/** An engine's process that is killed: launches a machine in the pool given, says so, and stays. */
import { qemu } from '../../../src/drivers/qemu/index.ts'
import { doing, instanceSpec, volumeSpec } from './asking.ts'

const [pool, instance] = process.argv.slice(2) as [string, string]
const driver = qemu({ pool })
await doing(driver, 'volumeEnsure', 'vol-root', volumeSpec())
await doing(driver, 'instanceEnsure', instance, instanceSpec(['vol-root']))
await doing(driver, 'instancePower', instance, { want: 'running', mode: 'hard', generation: 1 })
process.stdout.write('launched\n')
setInterval(() => {}, 1_000)
