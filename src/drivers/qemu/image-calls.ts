/**
 * The end of an image that was brought: its files, and then what is known of it. One that nobody brought was put there by
 * hand, and is its owner's to take away. (docs/decisions/0051.)
 */
import { join } from 'node:path'
import type { Outcome } from '../driver.ts'
import { done, rejected } from '../outcomes.ts'
import { remove } from './files.ts'
import type { Host } from './host.ts'
import { dropImageRecord, imageRecord, imagesFolder } from './image-records.ts'
import { isThere } from './pool.ts'

/** A disk that can not do without it: a layer over it, or one that is booted with its kernel. */
const neederOf = ({ records }: Host, image: string, bootsKernel: boolean): string | undefined => {
  const over = records.all('volume').find(({ spec }) => spec.from?.kind === 'image' && spec.from.id === image)
  if (over !== undefined || !bootsKernel) return over?.id
  return [...records.all('volume'), ...records.all('volumeSnapshot')].find(each => each.image === image)?.id
}

export async function imageDelete(host: Host, id: string): Promise<Outcome> {
  const { pool, owner } = host
  const record = await imageRecord(pool, id)
  if (record === undefined) {
    if (!isThere(pool.image(id))) return done({}, true)
    return rejected('denied', `image ${id}: nobody brought it here, so nobody takes it away (${pool.image(id)})`)
  }
  if (record.owner !== owner) return rejected('denied', `image ${id} belongs to ${record.owner}`)
  const needer = neederOf(host, id, record.append !== undefined)
  if (needer !== undefined) return rejected('precondition', `image ${id} (${record.name}) is needed by ${needer}`)
  // Its disk first: without one it is no image, whoever is killed now, and is taken again if it is brought again.
  const already = !(await remove(pool.image(id)))
  for (const name of Object.keys(record.files)) await remove(join(imagesFolder(pool), name))
  await dropImageRecord(pool, id)
  return done({}, already)
}
