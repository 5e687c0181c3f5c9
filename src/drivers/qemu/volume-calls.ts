/** What this driver does with volumes. Each is a qcow2 file of its own, or a layer over an image that nobody writes. */
import { isDeepStrictEqual } from 'node:util'
import type { Outcome, ResizeSpec, VolumeSpec } from '../driver.ts'
import { done, rejected } from '../outcomes.ts'
import { diskAt, diskFacts, imageAt, makeDisk } from './disks.ts'
import { remove } from './files.ts'
import { type Host, namedOnly } from './host.ts'
import { outcomeOf, Refusal } from './outcome-of.ts'
import { nodeOf } from './pool.ts'
import { copyWhole, createBlank, createOverlay, growTo } from './qemu-img.ts'
import type { VolumeRecord } from './records.ts'

/** Two specifications are the same when they are as JSON: what is not said is not there. */
export const same = (a: object, b: object): boolean =>
  isDeepStrictEqual(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b)))

const sizeProblem = ({ declared }: Host, id: string, sizeBytes: number): Outcome | undefined => {
  const { minBytes, maxBytes, stepBytes } = declared.volume
  const fits = Number.isSafeInteger(sizeBytes) && sizeBytes >= minBytes && sizeBytes <= maxBytes
  if (fits && sizeBytes % stepBytes === 0) return undefined
  return rejected(
    'invalid',
    `volume ${id} has ${minBytes} to ${maxBytes} bytes in steps of ${stepBytes}, not ${sizeBytes}`,
  )
}

const specProblem = (host: Host, id: string, spec: VolumeSpec): Outcome | undefined => {
  const { zones } = host.declared
  if (!zones.includes(spec.zone)) return rejected('invalid', `volume ${id}: the only zones are ${zones.join(', ')}`)
  if (spec.encrypted || spec.kmsKey !== undefined) {
    return rejected('unsupported', `volume ${id}: this provider encrypts nothing`)
  }
  return sizeProblem(host, id, spec.sizeBytes)
}

/** The origin's file, which must exist and fit. */
const originOf = async ({ pool, records }: Host, id: string, spec: VolumeSpec): Promise<string | undefined> => {
  const { from, sizeBytes } = spec
  if (from === undefined) return undefined
  namedOnly(from.kind, from.id)
  const path = from.kind === 'image' ? pool.image(from.id) : pool.snapshot(from.id)
  const snapshot = from.kind === 'image' ? undefined : records.get('volumeSnapshot', from.id)
  const isKnown = from.kind === 'image' || (snapshot !== undefined && records.isWhole(snapshot))
  const header = from.kind === 'image' ? await imageAt(pool, from.id) : isKnown ? await diskAt(path) : undefined
  if (header === undefined) throw new Refusal('notFound', `volume ${id}: there is no ${from.kind} ${from.id}`)
  if (sizeBytes < header.virtualBytes) {
    throw new Refusal(
      'invalid',
      `volume ${id}: ${sizeBytes} bytes do not hold the ${header.virtualBytes} of ${from.id}`,
    )
  }
  return path
}

/** The image that a disk made of this began as. */
const imageOf = ({ records }: Host, { from }: VolumeSpec): string | undefined =>
  from?.kind === 'volumeSnapshot' ? records.get('volumeSnapshot', from.id)?.image : from?.id

const fill = async (
  { pool }: Host,
  made: string,
  { from, sizeBytes }: VolumeSpec,
  origin: string | undefined,
  signal: AbortSignal,
) => {
  if (origin === undefined) return createBlank(made, sizeBytes, signal)
  if (from!.kind === 'image') return createOverlay(made, pool.imageFromDisk(from!.id), sizeBytes, signal)
  // A copy: the snapshot may be deleted the next moment.
  await copyWhole(made, origin, signal)
  return growTo(made, sizeBytes, signal)
}

export async function volumeEnsure(
  host: Host,
  id: string,
  spec: VolumeSpec,
  token: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const { pool, records, owner, now } = host
  namedOnly('volume', id)
  const known = records.any('volume', id)
  if (known?.goneAt !== undefined) return rejected('conflict', `volume ${id} was deleted; an id is used once`)
  if (known && (known.owner !== owner || !same(known.spec, spec))) {
    return rejected('conflict', `volume ${id} exists with another owner or specification`)
  }
  const path = pool.volume(id)
  const existing = await diskAt(path)
  if (existing !== undefined && known !== undefined) return done(diskFacts(existing), true)
  if (existing !== undefined) return rejected('conflict', `volume ${id}: its file exists, and nothing says whose it is`)

  const problem = specProblem(host, id, spec)
  if (problem) return problem
  const origin = await originOf(host, id, spec)
  const record: VolumeRecord = known ?? {
    kind: 'volume',
    id,
    owner,
    token,
    madeAt: now(),
    spec,
    image: imageOf(host, spec),
  }
  if (!known) await records.keep(record)
  try {
    await makeDisk(pool, id, path, made => fill(host, made, spec, origin, signal))
  } catch (error) {
    // After a certain no there is nothing under its name, and nothing may say there is.
    if (outcomeOf({ verb: 'volumeEnsure', id }, error, signal).kind === 'rejected') await records.drop(record)
    throw error
  }
  return done(diskFacts((await diskAt(path))!))
}

/** Throws the Refusal of a volume that is kept: what is kept inside it goes with it, and its size would go back. */
const unkeptOnly = ({ records }: Host, id: string): void => {
  const [keeper] = records.keepersOf(id)
  if (keeper)
    throw new Refusal('precondition', `volume ${id} is kept by the VM snapshot ${keeper.id} of ${keeper.instance}`)
}

export async function volumeResize(
  host: Host,
  id: string,
  spec: ResizeSpec,
  _token: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const { pool, records, machines, copied } = host
  const record = records.get('volume', id)
  const disk = record && (await diskAt(pool.volume(id)))
  if (record === undefined || disk === undefined) return rejected('notFound', `there is no volume ${id}`)
  for (const name of ['volumeType', 'iops', 'throughputMiBps'] as const) {
    if (spec[name] === undefined || spec[name] === record.spec[name]) continue
    return rejected('unsupported', `volume ${id}: ${name} does not change here, only the size`)
  }
  const { sizeBytes } = spec
  const problem = sizeProblem(host, id, sizeBytes)
  if (problem) return problem
  if (sizeBytes === disk.virtualBytes) return done(diskFacts(disk), true)
  // QEMU's monitor would shrink it without a word.
  if (sizeBytes < disk.virtualBytes) {
    return rejected('invalid', `volume ${id} has ${disk.virtualBytes} bytes and never shrinks; asked for ${sizeBytes}`)
  }
  copied.freeOnly('volumeResize', id)
  unkeptOnly(host, id)
  for (const { id: user, isSuspended } of records.usersOf(id)) {
    if (isSuspended) return rejected('precondition', `volume ${id}: ${user} is suspended, and finds it as it was`)
    if (!(await machines.isAlive(user))) continue
    await machines.talk(user, qmp => qmp.execute('block_resize', { 'node-name': nodeOf(id), size: sizeBytes }))
    return done(diskFacts((await diskAt(pool.volume(id)))!))
  }
  await growTo(pool.volume(id), sizeBytes, signal)
  return done(diskFacts((await diskAt(pool.volume(id)))!))
}

export async function volumeDelete(host: Host, id: string): Promise<Outcome> {
  const { pool, records, copied, now } = host
  const record = records.any('volume', id)
  if (record === undefined) return done({}, true)
  const [user] = records.usersOf(id)
  if (user !== undefined) return rejected('precondition', `volume ${id} is connected to ${user.id}; detach it first`)
  copied.freeOnly('volumeDelete', id)
  if (record.goneAt === undefined) unkeptOnly(host, id)
  if (record.goneAt === undefined) await records.keep({ ...record, goneAt: now() })
  return done({}, !(await remove(pool.volume(id))))
}
