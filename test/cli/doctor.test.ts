/** What `stemma doctor` says of this computer, and of one that lacks things. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { qemu } from '../../src/drivers/qemu/index.ts'
import { describeWith, qemuSystem } from '../drivers/qemu/debian.ts'
import { stemma } from './stemma.ts'

const inFolder = async (work: (folder: string) => Promise<void>) => {
  const folder = mkdtempSync(join(tmpdir(), 'doctor-'))
  try {
    await work(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
interface Finding {
  readonly name: string
  readonly status: string
  readonly found: string
  readonly advice?: string
}
const asked = async (folder: string, words: readonly string[], env?: NodeJS.ProcessEnv) => {
  const { code, stdout } = await stemma(folder, ['doctor', '--json', ...words], env)
  const { usable, findings } = JSON.parse(stdout) as { usable: boolean; findings: Finding[] }
  expect(usable).toBe(code === 0)
  const of = (name: string) => findings.filter(each => each.name === name)
  return { code, of, missing: findings.filter(({ status }) => status === 'missing') }
}
/** Where nothing is found but Node. */
const withoutQemu = (folder: string) => ({ PATH: join(folder, 'nothing') })

it('tells root to be somebody else, and anybody who they are', () =>
  inFolder(async folder => {
    const { code, of } = await asked(folder, ['--driver', 'simulated'])
    const [user] = of('user')
    expect([code, user!.status]).toEqual([0, process.getuid!() === 0 ? 'warning' : 'ok'])
    expect(of('node')[0]!.found).toMatch(/^\d+\.\d+/)
    expect(of('sqlite')[0]!.found).toMatch(/^3\./)
  }))

it('names the packages of what is missing, and fails only for the driver that needs it', () =>
  inFolder(async folder => {
    const { code, missing } = await asked(folder, [], withoutQemu(folder))
    expect(code).toBe(1)
    expect(missing.map(({ advice }) => advice)).toEqual([
      expect.stringContaining('qemu-system-x86 seabios'),
      expect.stringContaining('qemu-utils'),
    ])
    expect((await asked(folder, ['--driver', 'simulated'], withoutQemu(folder))).code).toBe(0)
    expect(readdirSync(folder)).toEqual([])
  }))

describeWith(qemuSystem, 'a computer with QEMU', () => {
  it('can do it, and looking at it makes nothing', () =>
    inFolder(async folder => {
      const { code, of } = await asked(folder, ['--pool', 'pool'])
      expect(code).toBe(0)
      for (const name of ['qemu-system-x86_64', 'qemu-img']) expect(of(name)[0]!.found).toMatch(/^\d+\./)
      expect(of('pool')[0]!.found).toMatch(/GiB free, not made yet$/)
      expect(of('accelerator')[0]!.found).toMatch(/^tcg; kvm is (absent|unproven)/)
      expect(existsSync(join(folder, 'pool'))).toBe(false)
    }))

  it('says who uses the pool, and disturbs nobody', () =>
    inFolder(async folder => {
      const driver = qemu({ pool: join(folder, 'pool') })
      const { code, of } = await asked(folder, ['--pool', 'pool'])
      expect([code, of('lock')[0]!.found]).toEqual([0, expect.stringContaining(`process ${process.pid} `)])
      await driver.close!()
      expect((await asked(folder, ['--pool', 'pool'])).of('lock')[0]!.found).toBe('no process uses the pool')
    }))

  it('can not do it with KVM that boots no kernel, nor in a path too long for sockets', () =>
    inFolder(async folder => {
      const bin = join(folder, 'bin')
      mkdirSync(bin)
      const fake = join(bin, 'qemu-system-x86_64')
      writeFileSync(fake, '#!/bin/sh\n[ "$1" = --version ] && echo "QEMU emulator version 9.9.9" && exit\nexit 1\n')
      chmodSync(fake, 0o755)
      const path = { PATH: `${bin}:${process.env.PATH}` }
      const demanded = await asked(folder, ['--pool', 'pool', '--accelerator', 'kvm'], path)
      expect(demanded.missing.map(({ name }) => name)).toEqual(['accelerator'])
      const long = await asked(folder, ['--pool', 'long'.repeat(30)])
      expect(long.missing[0]!.found).toContain('too long')
    }))

  it('prints a table for people', () =>
    inFolder(async folder => {
      const { code, stdout } = await stemma(folder, ['doctor'])
      expect([code, stdout.split('\n')[0]!.trim()]).toEqual([0, expect.stringMatching(/^what +found$/)])
    }))
})
