/**
 * Copies of disks that a running machine makes, all of one moment: jobs in QEMU, each under an id that follows from its
 * snapshot's. They go on without us and stay when they have ended, until what came of them is safe and they are
 * dismissed. (spec: drivers-and-qemu 2 and 5.)
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Outcome } from '../driver.ts'
import { remove } from './files.ts'
import type { Host } from './host.ts'
import { isOfLaunch } from './instance-facts.ts'
import { findJob } from './jobs.ts'
import { Refusal } from './outcome-of.ts'
import { jobOf, nodeOf } from './pool.ts'
import { createBlank } from './qemu-img.ts'
import type { Qmp } from './qmp.ts'
import type { BackupAction } from './qmp-commands.ts'
import type { Maker } from './records.ts'
import { type Call, handleOf } from './work.ts'

/** One snapshot, and the volume that it is of. */
export interface Copy {
  readonly snapshot: string
  readonly volume: string
}

/** The machine ended, or is another: the moment that was to be kept is gone. */
export class MomentLost extends Error {
  override readonly name = 'MomentLost'
}

const jobOfCopy = ({ snapshot }: Copy): string => jobOf('backup', snapshot)

const nodeExists = async (qmp: Qmp, node: string): Promise<boolean> => {
  const nodes = await qmp.execute('query-named-block-nodes', { flat: true })
  return nodes.some(each => each['node-name'] === node)
}

/** An empty file for a copy, open in the machine. */
const makeTarget = async (qmp: Qmp, { pool }: Host, { snapshot, volume }: Copy): Promise<BackupAction> => {
  const [target, node] = [pool.backup(snapshot), nodeOf(snapshot)]
  if (await nodeExists(qmp, node)) await qmp.execute('blockdev-del', { 'node-name': node })
  // Left by a machine that died: it looks sound and is not.
  await remove(target)
  const nodes = await qmp.execute('query-named-block-nodes', { flat: true })
  const sizeBytes = nodes.find(each => each['node-name'] === nodeOf(volume))?.image['virtual-size']
  if (sizeBytes === undefined)
    throw new Refusal('precondition', `snapshot ${snapshot}: the machine does not have volume ${volume}`)
  await createBlank(target, sizeBytes)
  await qmp.execute('blockdev-add', { driver: 'qcow2', 'node-name': node, file: { driver: 'file', filename: target } })
  return {
    type: 'blockdev-backup',
    data: {
      'job-id': jobOf('backup', snapshot),
      device: nodeOf(volume),
      target: node,
      sync: 'full',
      'auto-dismiss': false,
    },
  }
}

/** The launch that has the volume open, if one has. */
export const makerOf = async ({ records, machines }: Host, volume: string | undefined): Promise<Maker | undefined> => {
  if (volume === undefined) return undefined
  for (const { id, generation } of records.usersOf(volume))
    if (await machines.isAlive(id)) return { instance: id, generation }
  return undefined
}

/** The moment is the beginning: what is written later is copied before it is overwritten. */
const begin = async (qmp: Qmp, host: Host, copies: readonly Copy[]): Promise<void> => {
  const actions: BackupAction[] = []
  for (const copy of copies) actions.push(await makeTarget(qmp, host, copy))
  await qmp.execute('transaction', { actions, properties: { 'completion-mode': 'grouped' } })
}

/** Is the launch that makes them still there? */
const isMaking = async ({ machines, records }: Host, { instance, generation }: Maker): Promise<boolean> => {
  const record = records.get('instance', instance)
  return record?.generation === generation && isOfLaunch(record, await machines.look(instance))
}

/**
 * Begins the copies, or looks how far they are; undefined once all are whole, under their private names. `before` is done
 * just before they begin. Throws when there will be none: MomentLost, or the Refusal of a copy that failed.
 */
export async function backUp(
  host: Host,
  call: Call,
  maker: Maker,
  copies: readonly Copy[],
  before: () => Promise<void> = async () => {},
): Promise<Outcome | undefined> {
  if (!(await isMaking(host, maker))) throw new MomentLost(`${maker.instance} ended while it was being made`)
  return host.machines.talk(maker.instance, async qmp => {
    const find = async () => Promise.all(copies.map(copy => findJob(qmp, jobOfCopy(copy))))
    let found = await find()
    if (found.every(job => job === undefined)) {
      await before()
      await begin(qmp, host, copies)
      found = await find()
    }
    if (found.some(job => job !== undefined && job.status !== 'concluded')) {
      const total = found.reduce((sum, job) => sum + (job?.['total-progress'] ?? 0), 0)
      const done = found.reduce((sum, job) => sum + (job?.['current-progress'] ?? 0), 0)
      const progress = { done, total: Math.max(total, 1) }
      return { kind: 'pending' as const, handle: handleOf(call), pollAfterMs: 100, progress }
    }
    for (const { snapshot } of copies)
      if (await nodeExists(qmp, nodeOf(snapshot))) await qmp.execute('blockdev-del', { 'node-name': nodeOf(snapshot) })
    const error = found.find(job => job?.error !== undefined)?.error
    if (error === undefined) return undefined
    throw new Refusal(/No space left/.test(error) ? 'exhausted' : 'precondition', `${call.verb} ${call.id}: ${error}`)
  })
}

/** What came of them is safe. A machine that ends meanwhile takes its jobs along: nothing is wrong with what it made. */
export async function dismissBackUps({ machines }: Host, maker: Maker, copies: readonly Copy[]): Promise<void> {
  if (!(await machines.isAlive(maker.instance))) return
  const dismiss = async (qmp: Qmp) => {
    for (const copy of copies) {
      const job = await findJob(qmp, jobOfCopy(copy))
      if (job?.status === 'concluded') await qmp.execute('job-dismiss', { id: job.id })
    }
  }
  await machines.talk(maker.instance, dismiss).catch(async (error: unknown) => {
    if (await machines.isAlive(maker.instance)) throw error
  })
}

const endWithinMs = 1_000

/** Ends the copies if there are any, and takes away what they leave in the machine and in the pool. */
export async function endBackUps(host: Host, maker: Maker, copies: readonly Copy[]): Promise<void> {
  const { pool, machines } = host
  if (await machines.isAlive(maker.instance)) {
    await machines.talk(maker.instance, async qmp => {
      for (const copy of copies) {
        const job = jobOfCopy(copy)
        let found = await findJob(qmp, job)
        if (found !== undefined && found.status !== 'concluded') await qmp.execute('job-cancel', { id: job })
        for (let waitedMs = 0; found && found.status !== 'concluded' && waitedMs < endWithinMs; waitedMs += 10) {
          await sleep(10)
          found = await findJob(qmp, job)
        }
        if (found?.status === 'concluded') await qmp.execute('job-dismiss', { id: job })
        const node = nodeOf(copy.snapshot)
        if (await nodeExists(qmp, node)) await qmp.execute('blockdev-del', { 'node-name': node })
      }
    })
  }
  for (const { snapshot } of copies) await remove(pool.backup(snapshot))
}
