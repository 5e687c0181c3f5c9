/**
 * Guests in a few bytes. `counting` says `B` on its console when it boots, and then only counts in its memory, some 18
 * times a second: whether it was booted anew or went on, and from where, is seen from outside. `ending` turns itself off.
 */
import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Driver } from '../../../src/drivers/driver.ts'
import type { Qmp } from '../../../src/drivers/qemu/qmp.ts'
import { context } from './asking.ts'
import { monitored } from './machine-setting.ts'

const counterAt = 0x8000

/** 16-bit code of a processor that has just been turned on. */
const begin = [0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xd0, 0xbc, 0x00, 0x7c] // no segments, a stack below the code
const zero = [0x66, 0xc7, 0x06, 0x00, 0x80, 0, 0, 0, 0] // the counter
const say = [0xba, 0xf8, 0x03, 0xb0, 0x42, 0xee] // B, to the first serial port
const count = [0xfb, 0xf4, 0x66, 0xff, 0x06, 0x00, 0x80, 0xeb, 0xf8] // sti; hlt; inc; back to hlt
const turnOff = [0xba, 0x04, 0x06, 0xb8, 0x00, 0x20, 0xef, 0xf4] // the power management port of q35

const sectorBytes = 512
const addImage = (pool: string, name: string, code: readonly number[]): void => {
  const boot = Buffer.alloc(sectorBytes)
  Buffer.from(code).copy(boot)
  boot.writeUInt16LE(0xaa55, sectorBytes - 2)
  const raw = join(pool, `${name}.raw`)
  writeFileSync(raw, boot)
  const image = join(pool, 'images', `${name}.qcow2`)
  execFileSync('qemu-img', ['convert', '-q', '-f', 'raw', '-O', 'qcow2', raw, image])
  execFileSync('qemu-img', ['resize', '-q', '-f', 'qcow2', image, '4M'])
  rmSync(raw)
}
export const addCountingImage = (pool: string): void =>
  addImage(pool, 'counting', [...begin, ...zero, ...say, ...count])
export const addEndingImage = (pool: string): void => addImage(pool, 'ending', [...begin, ...turnOff])

type Human = (command: 'human-monitor-command', words: { 'command-line': string }) => Promise<string>
const answered = (qmp: Qmp, line: string): Promise<string> =>
  (qmp.execute as unknown as Human).call(qmp, 'human-monitor-command', { 'command-line': line })

/** How far it has counted. */
export const counted = (pool: string): Promise<number> =>
  monitored(pool, async qmp => Number((await answered(qmp, `xp /1wx ${counterAt}`)).split(':')[1]!.trim()))

/** Where the next key goes in the buffer of the firmware, which is in the guest's memory. */
const tail = (qmp: Qmp): Promise<number> =>
  answered(qmp, 'xp /1hx 0x41c').then(text => Number(text.split(':')[1]!.trim()))
const firstTail = 0x1e

/** How many keys it has heard. It reads none: what is there stays, and only going back in time takes it away. */
export const keysHeard = (pool: string): Promise<number> =>
  monitored(pool, async qmp => ((await tail(qmp)) - firstTail) / 2)

/** Presses a key, and waits until the guest has heard it. */
export const pressKey = (pool: string): Promise<void> =>
  monitored(pool, async qmp => {
    const before = await tail(qmp)
    await answered(qmp, 'sendkey x')
    while ((await tail(qmp)) === before) await sleep(20)
  })

/** How often it has booted, as its console says. */
export const boots = async (driver: Driver): Promise<number> => {
  const { outputBase64 = '' } = (await driver.consoleOutput!('i-1', context())) ?? {}
  return Buffer.from(outputBase64, 'base64').toString().split('B').length - 1
}

/** Waits until it has counted further than this. */
export async function countsPast(driver: Driver, pool: string, than: number): Promise<number> {
  while ((await boots(driver)) === 0) await sleep(20)
  let now = await counted(pool)
  while (now <= than) {
    await sleep(20)
    now = await counted(pool)
  }
  return now
}
