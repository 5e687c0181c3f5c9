/** Can this computer run machines at all? Says what is missing, and which Debian package brings it. */
import { access, constants, statfs } from 'node:fs/promises'
import type { ProbeReport } from '../driver.ts'
import type { Host } from './host.ts'
import { qemuSystem } from './machines.ts'
import { runTool } from './tool.ts'

const versionOf = async (program: string, packages: string, problems: string[]): Promise<string | undefined> => {
  try {
    return /version ([\w.]+)/.exec((await runTool(program, ['--version'])).output)?.[1]
  } catch (error) {
    problems.push(`${program} can not be run (${(error as Error).message}); on Debian it is in ${packages}`)
    return undefined
  }
}

export async function probed({ pool, machines }: Host): Promise<ProbeReport> {
  const problems: string[] = []
  const qemuVersion = await versionOf(qemuSystem, 'qemu-system-x86 and seabios', problems)
  const qemuImgVersion = await versionOf('qemu-img', 'qemu-utils', problems)
  await access('/proc/locks', constants.R_OK).catch(() =>
    problems.push('/proc/locks can not be read: without it nobody knows which machines are alive (Linux has it)'),
  )
  await access(pool.folder, constants.W_OK).catch(() => problems.push(`${pool.folder} can not be written`))
  const { bavail, bsize } = await statfs(pool.folder)
  const facts = { qemuVersion, qemuImgVersion, accelerator: machines.accelerator, freeVolumeBytes: bavail * bsize }
  return { usable: problems.length === 0, facts, problems }
}
