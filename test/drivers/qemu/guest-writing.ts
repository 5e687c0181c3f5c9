/**
 * What a guest writes to its disk, where there is no operating system in it: the machine is told to, over its monitor,
 * and the words go the same way as a guest's.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deviceOf } from '../../../src/drivers/qemu/command-line.ts'
import { monitored } from './machine-setting.ts'

const blockBytes = 512
/** Behind what a disk is booted from. */
const blocksBefore = 128

type Human = (command: 'human-monitor-command', words: { 'command-line': string }) => Promise<string>

const told = (pool: string, instance: string, commands: readonly string[]): Promise<void> =>
  monitored(
    pool,
    async qmp => {
      for (const line of commands) {
        const answer = await (qmp.execute as unknown as Human).call(qmp, 'human-monitor-command', {
          'command-line': line,
        })
        if (answer.trim() !== '') throw new Error(`${line}: ${answer}`)
      }
    },
    instance,
  )

/** The volume of the record's root device. */
export const rootOf = (pool: string, instance: string): string => {
  const record = JSON.parse(readFileSync(join(pool, 'records', 'instance', `${instance}.json`), 'utf8'))
  return record.devices.find((device: { root: boolean }) => device.root).volume
}

/** Writes a text behind the beginning of a disk that a running or paused machine has. */
export async function guestWrites(pool: string, instance: string, text: string, volume = rootOf(pool, instance)) {
  const folder = mkdtempSync(join(tmpdir(), 'write-'))
  try {
    const block = Buffer.alloc(blockBytes)
    block.write(text)
    writeFileSync(join(folder, 'block'), block)
    const device = `/machine/peripheral/${deviceOf(volume)}/virtio-backend`
    await told(pool, instance, [
      `qemu-io -d ${device} "write -q -s ${join(folder, 'block')} ${blocksBefore * blockBytes} ${blockBytes}"`,
      `qemu-io -d ${device} flush`,
    ])
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** The text that was written so to a disk's file, whoever has it open. */
export function textOn(path: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'read-'))
  try {
    const block = join(folder, 'block')
    // It counts from the beginning, whatever it skips.
    const count = `count=${blocksBefore + 1}`
    const words = [
      'dd',
      '-U',
      '-f',
      'qcow2',
      '-O',
      'raw',
      `bs=${blockBytes}`,
      `skip=${blocksBefore}`,
      count,
      `if=${path}`,
      `of=${block}`,
    ]
    execFileSync('qemu-img', words, { stdio: 'ignore' })
    const bytes = readFileSync(block)
    return bytes.toString('utf8', 0, bytes.includes(0) ? bytes.indexOf(0) : bytes.length)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
export const guestReads = (pool: string, instance: string): string =>
  textOn(join(pool, 'volumes', `${rootOf(pool, instance)}.qcow2`))
