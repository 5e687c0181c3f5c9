/**
 * A snapshot that a running machine makes: a job in QEMU, under an id that follows from the snapshot's. The job goes on
 * without us and stays when it has ended, until its outcome is safe and it is dismissed. (spec: drivers-and-qemu 5.)
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Outcome } from '../driver.ts'
import { publish, remove } from './files.ts'
import type { Host } from './host.ts'
import { Refusal } from './outcome-of.ts'
import { isThere, jobOf, nodeOf } from './pool.ts'
import { createBlank } from './qemu-img.ts'
import type { Qmp } from './qmp.ts'
import { type Call, handleOf } from './work.ts'

const nodeExists = async (qmp: Qmp, node: string): Promise<boolean> => {
  const nodes = await qmp.execute('query-named-block-nodes', { flat: true })
  return nodes.some(each => each['node-name'] === node)
}

const begin = async (qmp: Qmp, host: Host, call: Call, volume: string): Promise<void> => {
  const [target, node] = [host.pool.backup(call.id), nodeOf(call.id)]
  if (await nodeExists(qmp, node)) await qmp.execute('blockdev-del', { 'node-name': node })
  // Left by a machine that died: it looks sound and is not.
  await remove(target)
  const nodes = await qmp.execute('query-named-block-nodes', { flat: true })
  const sizeBytes = nodes.find(each => each['node-name'] === nodeOf(volume))?.image['virtual-size']
  if (sizeBytes === undefined)
    throw new Refusal('precondition', `snapshot ${call.id}: the machine does not have volume ${volume}`)
  await createBlank(target, sizeBytes)
  await qmp.execute('blockdev-add', { driver: 'qcow2', 'node-name': node, file: { driver: 'file', filename: target } })
  await qmp.execute('blockdev-backup', {
    'job-id': jobOf(call.id),
    device: nodeOf(volume),
    target: node,
    sync: 'full',
    'auto-dismiss': false,
  })
}

/** Begins the copy, or looks how far it is; undefined once it is published. Throws when there will be none. */
export async function backUp(host: Host, call: Call, instance: string, volume: string): Promise<Outcome | undefined> {
  const { pool, machines } = host
  const [job, node, target, path] = [jobOf(call.id), nodeOf(call.id), pool.backup(call.id), pool.snapshot(call.id)]
  if (!(await machines.isAlive(instance))) {
    await remove(target)
    throw new Refusal('unavailable', `snapshot ${call.id}: ${instance} ended while it was being made`)
  }
  return machines.talk(instance, async qmp => {
    const find = async () => (await qmp.execute('query-jobs')).find(({ id }) => id === job)
    let found = await find()
    if (found === undefined) {
      await begin(qmp, host, call, volume)
      found = await find()
    }
    if (found?.status !== 'concluded') {
      const progress = { done: found?.['current-progress'] ?? 0, total: Math.max(found?.['total-progress'] ?? 1, 1) }
      return { kind: 'pending' as const, handle: handleOf(call), pollAfterMs: 100, progress }
    }
    if (await nodeExists(qmp, node)) await qmp.execute('blockdev-del', { 'node-name': node })
    if (found.error === undefined && isThere(target)) await publish(target, path)
    await remove(target)
    await qmp.execute('job-dismiss', { id: job })
    if (found.error === undefined) return undefined
    throw new Refusal(
      /No space left/.test(found.error) ? 'exhausted' : 'unavailable',
      `snapshot ${call.id}: ${found.error}`,
    )
  })
}

const endWithinMs = 1_000

/** Ends the copy if there is one, and takes away what it leaves in the machine and in the pool. */
export async function endBackUp({ pool, machines }: Host, snapshot: string, instance: string): Promise<void> {
  const [job, node] = [jobOf(snapshot), nodeOf(snapshot)]
  if (await machines.isAlive(instance)) {
    await machines.talk(instance, async qmp => {
      const find = async () => (await qmp.execute('query-jobs')).find(({ id }) => id === job)
      let found = await find()
      if (found !== undefined && found.status !== 'concluded') await qmp.execute('job-cancel', { id: job })
      for (let waitedMs = 0; found && found.status !== 'concluded' && waitedMs < endWithinMs; waitedMs += 10) {
        await sleep(10)
        found = await find()
      }
      if (found !== undefined) await qmp.execute('job-dismiss', { id: job })
      if (await nodeExists(qmp, node)) await qmp.execute('blockdev-del', { 'node-name': node })
    })
  }
  await remove(pool.backup(snapshot))
}
