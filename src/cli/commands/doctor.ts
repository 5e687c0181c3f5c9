/** `stemma doctor`: what this computer can do, and what it lacks. */
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import type { Finding } from '../doctor/finding.ts'
import { machineFindings } from '../doctor/machines.ts'
import { programFindings } from '../doctor/program.ts'
import { type Accelerator, accelerators, poolDefault, providerNames, providerOf } from '../providers.ts'
import { styled, table } from '../tables.ts'
import { DATA_DEFAULT } from '../targets/open.ts'

interface Options {
  readonly driver: (typeof providerNames)[number]
  readonly data: string
  readonly pool?: string
  readonly accelerator?: Accelerator
  readonly kernel?: string
  readonly initrd?: string
  readonly json?: boolean
}

/** Adds `doctor`. Exit code 1 if the driver that was asked for can not work here. */
export function doctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('Looks whether this computer can do what a driver needs, and says what to install.')
    .addOption(new Option('--driver <name>', 'the provider').choices([...providerNames]).default('qemu'))
    .option('--data <file>', 'the data file', DATA_DEFAULT)
    .option('--pool <folder>', 'where disks and machines are to be kept; default: that of the data file')
    .addOption(new Option('--accelerator <name>', 'what guests are to run with').choices([...accelerators]))
    .option('--kernel <file>', 'a Linux kernel to try KVM with')
    .option('--initrd <file>', 'what goes with it')
    .option('--json', 'print JSON')
    .action(doctor)
}

async function doctor(options: Options): Promise<void> {
  const data = resolve(options.data)
  const findings = [
    ...(await programFindings(data)),
    ...(options.driver === 'qemu' ? await ofMachines(data, options) : []),
  ]
  const usable = findings.every(({ status }) => status !== 'missing')
  const { driver, json } = options
  process.stdout.write(`${json ? JSON.stringify({ driver, usable, findings }, undefined, 2) : printed(findings)}\n`)
  if (!usable) process.exitCode = 1
}

function ofMachines(data: string, { pool, accelerator, kernel, initrd }: Options): Promise<Finding[]> {
  const has = providerOf(data)
  const before = has.driver === 'qemu' ? has : { pool: poolDefault(data), accelerator: 'tcg' as const }
  return machineFindings({
    pool: pool === undefined ? before.pool : resolve(pool),
    accelerator: accelerator ?? before.accelerator,
    kernel: kernel && resolve(kernel),
    initrd: initrd && resolve(initrd),
  })
}

const colours = { ok: 'green', warning: 'yellow', missing: 'red' } as const

function printed(findings: readonly Finding[]): string {
  const rows = findings.map(({ name, status, found, advice }) => {
    return [name, styled(colours[status], status), advice ? `${found}; ${advice}` : found]
  })
  return table(['what', '', 'found'], rows)
}
