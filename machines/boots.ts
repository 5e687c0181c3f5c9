/**
 * What a disk can be booted as. A volume made from an image remembers it, its snapshots do, and so do volumes made from
 * those: an instance can be launched on it also when the image is long gone. (docs/decisions/0028.)
 */
import { z } from 'zod'
import { modes } from './modes.ts'

/** Without a name, what most images have. */
export const ROOT_DEVICE = '/dev/sda1'
const usual: Readonly<Record<string, unknown>> = {
  rootDevice: ROOT_DEVICE,
  architecture: 'x86_64',
  virtualization: 'hvm',
}

export const boots = z.strictObject({
  /** The image whose system it holds. */
  image: z.string(),
  /** These only where they are not what most images have. */
  rootDevice: z.string().optional(),
  architecture: z.string().optional(),
  virtualization: z.string().optional(),
  /** What the image was built for. */
  targets: z.array(z.enum(modes)).optional(),
})
export type Boots = z.infer<typeof boots>

/** What is worth remembering of an image, or of an instance that was launched from it. */
export function bootsOf(image: string, known: Omit<Boots, 'image'>): Boots {
  const { rootDevice, architecture, virtualization, targets } = known
  const said = Object.entries({ rootDevice, architecture, virtualization, targets })
  return { image, ...Object.fromEntries(said.filter(([name, each]) => each !== undefined && each !== usual[name])) }
}
/** The same in full, as a launch needs it. */
export const booted = (disk: Boots) => ({ ...usual, ...disk }) as Boots & { readonly rootDevice: string }
