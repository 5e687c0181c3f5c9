/** Can this computer run machines at all? Says what is missing, and which Debian package brings it. */
import { access, constants, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { ProbeReport } from '../driver.ts'
import { hasCode } from './files.ts'
import { qemuSystem } from './machine-type.ts'
import { fitting, socketPathOf } from './pool.ts'
import { runTool } from './tool.ts'

const versionOf = async (program: string, packages: string, problems: string[]): Promise<string | undefined> => {
  try {
    return /version ([\w.]+)/.exec((await runTool(program, ['--version'])).output)?.[1]
  } catch (error) {
    problems.push(
      `${program} can not be run (${(error as Error).message}); on Debian: apt-get install --no-install-recommends ${packages}`,
    )
    return undefined
  }
}

/** The folder itself, or the nearest above it that is there. */
const existing = (folder: string): Promise<string> =>
  access(folder).then(
    () => folder,
    (error: unknown) => {
      if (hasCode(error, 'ENOENT') && dirname(folder) !== folder) return existing(dirname(folder))
      return folder
    },
  )

/** Looks at the computer, and at the folder of a pool, which need not be there yet. Starts and makes nothing. */
export async function probeComputer(pool: string, accelerator: 'auto' | 'tcg' | 'kvm' = 'tcg'): Promise<ProbeReport> {
  const problems: string[] = []
  const qemuVersion = await versionOf(qemuSystem, 'qemu-system-x86 seabios', problems)
  const qemuImgVersion = await versionOf('qemu-img', 'qemu-utils', problems)
  await access('/proc/locks', constants.R_OK).catch(() =>
    problems.push('/proc/locks can not be read: without it nobody knows which machines are alive (Linux has it)'),
  )
  try {
    fitting(pool)
  } catch (error) {
    problems.push((error as Error).message)
  }
  const folder = await existing(pool)
  await access(folder, constants.W_OK).catch(() => problems.push(`${folder} can not be written by this user`))
  const room = await statfs(folder).catch(() => undefined)
  const freeVolumeBytes = room && room.bavail * room.bsize
  const { bytes: socketPathBytes, bytesMax: socketPathBytesMax } = socketPathOf(pool)
  const facts = { qemuVersion, qemuImgVersion, accelerator, freeVolumeBytes, socketPathBytes, socketPathBytesMax }
  return { usable: problems.length === 0, facts, problems }
}
