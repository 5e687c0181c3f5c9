/** What real machines need: QEMU, a pool with room, and an accelerator. */
import { existsSync } from 'node:fs'
import { type KvmVerdict, knownVerdict, poolHolder, probeComputer, proveKvm } from '../../drivers/qemu/index.ts'
import type { Accelerator } from '../providers.ts'
import { type Finding, missing, ok, warning } from './finding.ts'

export interface MachinesAsked {
  readonly pool: string
  readonly accelerator: Accelerator
  /** To try KVM with. */
  readonly kernel?: string
  readonly initrd?: string
}

/** Less than this is soon full: one small guest writes as much. */
const freeBytesFew = 2 * 2 ** 30

export async function machineFindings(asked: MachinesAsked): Promise<Finding[]> {
  const { pool, accelerator } = asked
  const { facts, problems } = await probeComputer(pool, accelerator)
  const version = (name: string, found: unknown) => (found === undefined ? [] : [ok(name, String(found))])
  return [
    ...version('qemu-system-x86_64', facts.qemuVersion),
    ...version('qemu-img', facts.qemuImgVersion),
    ...problems.map(problem => {
      const [what, ...advice] = problem.split('; ')
      return missing('driver', what!, advice.join('; ') || 'without it no machine runs here')
    }),
    ...room(pool, facts.freeVolumeBytes as number | undefined),
    ok('socket path', `${facts.socketPathBytes} of ${facts.socketPathBytesMax} bytes`),
    holder(pool),
    ...(facts.qemuVersion === undefined ? [] : [accelerated(asked, await verdictOf(asked))]),
  ]
}

function room(pool: string, freeBytes: number | undefined): Finding[] {
  if (freeBytes === undefined) return []
  const found = `${pool}: ${(freeBytes / 2 ** 30).toFixed(1)} GiB free${existsSync(pool) ? '' : ', not made yet'}`
  return [
    freeBytes < freeBytesFew ? warning('pool', found, 'make room, or name another with --pool') : ok('pool', found),
  ]
}

function holder(pool: string): Finding {
  try {
    const who = poolHolder(pool)
    if (who === undefined) return ok('lock', 'no process uses the pool')
    const name = who === 'unnamed' ? 'a process' : `process ${who.pid} (${who.program}) since ${who.startedAt}`
    return ok('lock', `${name} uses the pool; another one would be refused`)
  } catch (error) {
    return missing(
      'lock',
      `${pool}/lock: ${(error as Error).message}`,
      'let this user write to the pool, or name another',
    )
  }
}

const verdictOf = ({ pool, accelerator, kernel, initrd }: MachinesAsked): KvmVerdict | Promise<KvmVerdict> => {
  const kept = existsSync(pool) ? pool : undefined
  if (accelerator === 'tcg' && kernel === undefined) return knownVerdict(kept)
  return proveKvm({
    pool: kept,
    kernel: kernel === undefined ? undefined : { kernel, initrd },
    again: kernel !== undefined,
  })
}

function accelerated({ accelerator }: MachinesAsked, { state, why }: KvmVerdict): Finding {
  const kvm = `kvm is ${state}: ${why}`
  if (state === 'works' && accelerator !== 'tcg') return ok('accelerator', kvm)
  if (accelerator === 'kvm') return missing('accelerator', kvm, 'use --accelerator auto, or try it with --kernel FILE')
  return ok('accelerator', `tcg; ${kvm}`)
}
