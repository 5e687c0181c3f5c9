/** Disks of the pool: how they are looked at, and how one is made so that it is there whole or not at all. */
import type { Facts } from '../driver.ts'
import { hasCode, publish, remove } from './files.ts'
import { unchangedOnly } from './image-records.ts'
import { Refusal } from './outcome-of.ts'
import type { Pool } from './pool.ts'
import { type Qcow2Header, Qcow2Invalid, readQcow2Header } from './qcow2-header.ts'

/** Undefined where there is no file. Throws Qcow2Invalid for a file that is no disk. */
export const diskAt = (path: string): Promise<Qcow2Header | undefined> =>
  readQcow2Header(path).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  })

export const diskFacts = ({ virtualBytes, allocatedBytes }: Qcow2Header): Facts => ({
  sizeBytes: virtualBytes,
  allocatedBytes,
})

/** Makes a file under a private name and publishes it. False if the name was taken meanwhile. */
export async function makeDisk(
  pool: Pool,
  id: string,
  path: string,
  make: (made: string) => Promise<unknown>,
): Promise<boolean> {
  const made = pool.temporary(id)
  try {
    await make(made)
    return await publish(made, path)
  } finally {
    await remove(made)
  }
}

/** An image that stands for itself. Throws a Refusal for one that is missing, has changed, or names other files. */
export async function imageAt(pool: Pool, id: string): Promise<Qcow2Header> {
  const path = pool.image(id)
  await unchangedOnly(pool, id)
  const header = await diskAt(path).catch((error: unknown) => {
    if (error instanceof Qcow2Invalid) throw new Refusal('invalid', `image ${id}: ${error.message}`)
    throw error
  })
  if (header === undefined) throw new Refusal('notFound', `there is no image ${id} (${path})`)
  if (header.leans.length > 0) {
    throw new Refusal(
      'invalid',
      `image ${id} does not stand for itself: ${header.leans.join(', ')}; convert it to a qcow2 without`,
    )
  }
  return header
}
