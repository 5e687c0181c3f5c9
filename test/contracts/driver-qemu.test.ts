/** Real machines keep the contract that simulated ones keep. Firmware alone runs in them: they start in a moment. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { importImages, type QemuOptions, qemu } from '../../src/drivers/qemu/index.ts'
import { type DriverSubject, driverContract } from '../../src/testing/driver-contract.ts'
import { describeWith, qemuSystem } from '../drivers/qemu/debian.ts'
import { guestReads, guestWrites } from '../drivers/qemu/guest-writing.ts'
import { endAll, killMachine } from '../drivers/qemu/processes.ts'

const mebibytes = 1024 * 1024

/** A pool with one image and nothing running. */
const onPool = (options: Partial<QemuOptions>) => async (): Promise<DriverSubject> => {
  const pool = mkdtempSync(join(tmpdir(), 'qemu-'))
  const open = () => qemu({ pool, gracefulMs: 300, ...options })
  const opened = [open()]
  let brought = 0
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', join(pool, 'images', 'image.qcow2'), '8M'])
  return {
    driver: opened[0]!,
    // The first one is not closed: its process might have been killed.
    reopen: async () => {
      opened.push(open())
      return opened.at(-1)!
    },
    freshImage: async () => {
      const folder = join(pool, `brought-${++brought}`)
      mkdirSync(folder)
      writeFileSync(join(folder, 'disk.raw'), Buffer.alloc(mebibytes, brought))
      const { images } = await importImages({ pool, folder })
      return images[0]!.id
    },
    guests: {
      end: async instance => void (await killMachine(pool, instance)),
      write: (instance, text) => guestWrites(pool, instance, text),
      read: async instance => guestReads(pool, instance),
    },
    loseHost: async instance => void (await killMachine(pool, instance)),
    cleanup: async () => {
      for (const driver of opened) await driver.close!()
      await endAll(pool)
      rmSync(pool, { recursive: true })
    },
  }
}

describeWith(qemuSystem, 'QEMU', () => {
  driverContract(
    {
      name: 'QEMU with guests that have no operating system',
      // Without one nobody lets go of a disk while the guest runs.
      make: onPool({ hotUnplug: false }),
      sizeBytes: 16 * mebibytes,
      memoryBytes: 32 * mebibytes,
      // A busy computer is no provider that hangs: that ends with its test.
      callTimeoutMs: 240_000,
    },
    { describe, it, expect },
  )
})
