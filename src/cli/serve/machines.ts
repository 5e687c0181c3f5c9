/** What `stemma serve` does for real machines: looks whether they can be had, brings the images, and tries KVM. */
import { probeComputer, proveKvm } from '../../drivers/qemu/index.ts'
import type { Cloud } from '../compose.ts'
import { Failure } from '../failure.ts'
import { amiOf, registerImages } from '../machine-images.ts'
import type { Machines } from '../providers.ts'
import { styled, table } from '../tables.ts'

/** Throws Failure where this computer can not run machines in this pool, with all that is missing. */
export async function usableOnly({ pool, accelerator }: Machines): Promise<void> {
  const { usable, problems } = await probeComputer(pool, accelerator)
  if (usable) return
  const message = `${problems.join('; ')}. 'stemma doctor --pool ${pool}' says more.`
  throw new Failure({ code: 'driverUnusable', message })
}

/** What a guest is run with. Throws Failure where KVM was demanded and does not boot guests here. */
async function acceleratorOf({ pool, accelerator }: Machines): Promise<string> {
  if (accelerator === 'tcg') return 'tcg'
  const { state, why } = await proveKvm({ pool })
  if (state === 'works') return `kvm: ${why}`
  if (accelerator === 'auto') return `tcg, because kvm is ${state}: ${why}`
  throw new Failure({ code: 'acceleratorUnproven', message: `KVM is ${state} here: ${why}. Use --accelerator auto.` })
}

/** Brings the images of a folder, and gives lines that say what there is now. */
export async function machineLines(
  cloud: Cloud,
  machines: Machines,
  { images: folder, account }: { images?: string; account: string },
): Promise<string[]> {
  const lines: string[] = []
  if (folder !== undefined) {
    const { images, refused, deregistered } = await registerImages(cloud, { folder, pool: machines.pool, account })
    const rows = images.map(({ id, name, format, virtualBytes, bootsKernel }) => {
      return [amiOf(id), plain(name), format, virtualBytes, bootsKernel ? 'its kernel' : 'its disk']
    })
    if (rows.length > 0) lines.push(table(['image', 'name', 'from', 'bytes', 'boots'], rows))
    for (const { file, why } of refused) lines.push(styled('yellow', `refused ${plain(file)}: ${plain(why)}`))
    for (const { id, name } of deregistered)
      lines.push(styled('dim', `${plain(name)} (${amiOf(id)}) was deregistered, and stays so`))
    if (images.length + refused.length + deregistered.length === 0)
      lines.push(`${folder} has no disk images: files named *.qcow2, *.raw or *.img.`)
    lines.push('')
  }
  lines.push(`Machines of QEMU run in ${machines.pool} with ${await acceleratorOf(machines)}.`)
  lines.push(
    'They go on when this server ends, and are found again when it starts; terminate those you do not want.',
    '',
  )
  return lines
}

/** File names are other people's words: what would move the cursor is left out. */
const plain = (text: string): string => text.replace(/\p{Cc}/gu, '\ufffd')
