/**
 * One life of a machine, told by a process of its own: whoever runs this needs no rights but to its pool. Prints a JSON
 * object with what it saw.
 */
import { execFileSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { importImages, qemu } from '../../../src/drivers/qemu/index.ts'
import { context, doing, instanceSpec, mebibytes, start, volumeSpec } from './asking.ts'

const [pool, folder] = process.argv.slice(2) as [string, string]
const driver = qemu({ pool, gracefulMs: 240_000 })
const { images, refused } = await importImages({ pool, folder })
const from = { kind: 'image', id: images[0]!.id } as const
await doing(driver, 'volumeEnsure', 'vol-root', volumeSpec(2 * mebibytes, from))
await doing(driver, 'instanceEnsure', 'i-1', instanceSpec(['vol-root'], { image: from.id }))
const { devices } = instanceSpec(['vol-root'])

const says = async (text: string): Promise<void> => {
  for (;;) {
    const { outputBase64 } = (await driver.consoleOutput!('i-1', context()))!
    if (Buffer.from(outputBase64, 'base64').includes(text)) return
    await sleep(20)
  }
}
await doing(driver, 'instancePower', 'i-1', start())
await says('guest: boots 1')
await doing(driver, 'volumeSnapshotEnsure', 'snap-1', { volume: 'vol-root' })
const off = await doing(driver, 'instancePower', 'i-1', { want: 'off', mode: 'graceful', generation: 1 })
await doing(driver, 'instancePower', 'i-1', start(2, { devices }))
await says('guest: boots 2')
await doing(driver, 'instanceDestroy', 'i-1')

const image = join(pool, 'images', `${from.id}.qcow2`)
const canWrite = (): boolean => {
  try {
    accessSync(image, constants.W_OK)
    return true
  } catch {
    return false
  }
}
/** What rewrote a golden image for root. (spec: drivers-and-qemu 2, trap 3.) */
const commit = (): string => {
  try {
    execFileSync('qemu-img', ['commit', '-q', '-f', 'qcow2', join(pool, 'volumes', 'vol-root.qcow2')], {
      stdio: 'pipe',
    })
    return 'done'
  } catch (error) {
    return String((error as { stderr?: Buffer }).stderr)
  }
}
const seen = { uid: process.getuid!(), endedBy: off.facts.endedBy, refused, canWrite: canWrite(), commit: commit() }
await driver.close!()
process.stdout.write(`${JSON.stringify(seen)}\n`)
