/** How an image boots: from its disk, or, where a file next to it says so, with a kernel that QEMU loads itself. */
import { dirname, join } from 'node:path'
import { z } from 'zod'
import type { Boot } from './command-line.ts'
import { readText } from './files.ts'
import { unchangedOnly } from './image-records.ts'
import { Refusal } from './outcome-of.ts'
import { isName, type Pool } from './pool.ts'

const fileName = z.string().refine(isName, 'the name of a file in the same folder')
/** `<name>.boot.json` next to a disk. What the kernel is told is one line. */
export const bootFileSchema = z.strictObject({
  kernel: fileName,
  initrd: fileName.optional(),
  append: z
    .string()
    .max(2_000)
    .regex(/^\P{Cc}*$/u)
    .optional(),
})
export type BootFile = z.output<typeof bootFileSchema>

/** Undefined for an image that boots from its disk. Throws the Refusal of a file that can not be understood. */
export async function bootOf(pool: Pool, image: string): Promise<Boot | undefined> {
  if (!isName(image)) return undefined
  const folder = dirname(pool.image(image))
  const text = await readText(join(folder, `${image}.boot.json`))
  if (text === undefined) return undefined
  await unchangedOnly(pool, image)
  try {
    const { kernel, initrd, append } = bootFileSchema.parse(JSON.parse(text))
    return { kernel: join(folder, kernel), initrd: initrd && join(folder, initrd), append }
  } catch (error) {
    throw new Refusal('invalid', `image ${image}: its boot file is wrong: ${(error as Error).message}`)
  }
}
