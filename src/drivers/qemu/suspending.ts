/**
 * A guest that waits on the disk: its machine writes what is in memory to a file and ends, and another process of the
 * same launch goes on from it. The file gets its name only when it is whole. (spec: drivers-and-qemu 1, 3 and 5.)
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { publish, readText, remove } from './files.ts'
import type { Host } from './host.ts'
import { patienceMs } from './inner-snapshots.ts'
import { isOfLaunch, statusOf } from './instance-facts.ts'
import { Refusal } from './outcome-of.ts'
import { isThere } from './pool.ts'
import { startProcess } from './process-start.ts'
import { type Qmp, QmpLost } from './qmp.ts'
import type { InstanceRecord } from './records.ts'

/** For the shell that QEMU starts: this QEMU writes and reads files only through one. */
const quoted = (path: string): string => `'${path.replaceAll("'", "'\\''")}'`
/** How long the last bytes may take from QEMU to the disk, once QEMU has given them away. */
const writtenWithinMs = 60_000

const isMigrated = async (qmp: Qmp): Promise<boolean> => (await qmp.execute('query-status')).status === 'postmigrate'

/** Undefined when the machine has given all of it away, else why it could not. */
const migrated = async (qmp: Qmp): Promise<string | undefined> => {
  for (;;) {
    if (await isMigrated(qmp)) return undefined
    const { status, 'error-desc': why } = await qmp.execute('query-migrate')
    if (status === 'failed' || status === 'cancelled') return why ?? `it ${status}`
    await sleep(10)
  }
}

/** Whether who wrote the file has written all of it: QEMU is done before the last bytes are there. */
const isWritten = async (ended: string): Promise<boolean> => {
  for (let waitedMs = 0; waitedMs < writtenWithinMs; waitedMs += 10) {
    const code = (await readText(ended))?.trim()
    if (code) return code === '0'
    await sleep(10)
  }
  return false
}

/** Has the machine write what is in memory, unless it does already. Gives back why it could not, undefined when it has. */
const written = ({ pool, machines }: Host, { id, generation, memoryBytes }: InstanceRecord) => {
  const { path, ended } = pool.memory(id, generation)
  const state = pool.state(id, generation)
  return machines.talk(
    id,
    async qmp => {
      if (!(await isMigrated(qmp))) {
        const { status: going } = await qmp.execute('query-migrate')
        if (going !== 'active' && going !== 'setup' && going !== 'device') {
          await qmp.execute('stop')
          for (const stale of [path, ended, state]) await remove(stale)
          await qmp.execute('migrate', { uri: `exec:cat > ${quoted(path)}; echo $? > ${quoted(ended)}` })
        }
      }
      return (await migrated(qmp)) ?? (isThere(state) || (await isWritten(ended)) ? undefined : 'it is not whole')
    },
    patienceMs(memoryBytes),
  )
}

/** From running to suspended, or on from where it was left. */
export async function suspend(host: Host, record: InstanceRecord, token: string): Promise<InstanceRecord> {
  const { pool, machines, records } = host
  const { id, generation, underway } = record
  const { path, ended } = pool.memory(id, generation)
  const state = pool.state(id, generation)
  const seen = await machines.look(id)
  const isBegun = underway?.verb === 'suspend' && underway.token === token
  // What has its name is whole, and no guest has run since: then the process may be gone.
  const isKept = isBegun && !seen.isAlive && isThere(state)
  const isMine = isKept || (isBegun && isOfLaunch(record, seen))
  const status = statusOf(record, seen)
  if (!isMine && status !== 'running') {
    if (underway) await records.keep({ ...record, underway: undefined })
    throw new Refusal('precondition', `instance ${id} is ${status}; only a running one is suspended`)
  }
  // Of an earlier time: from here on, what has the name is of this one.
  if (!isMine) await remove(state)
  const begun = isMine
    ? record
    : await records.keep({ ...record, underway: { token, verb: 'suspend', step: 'begun', shown: 'running' } })
  const failure = isKept ? undefined : await written(host, begun)
  if (failure !== undefined) {
    await machines.talk(id, qmp => qmp.execute('cont'))
    await records.keep({ ...begun, underway: undefined })
    for (const left of [path, ended]) await remove(left)
    throw new Refusal('exhausted', `instance ${id}: its memory could not be written, and it goes on: ${failure}`)
  }
  if (isThere(path)) await publish(path, state)
  await remove(ended)
  return records.keep({ ...begun, isSuspended: true, underway: undefined })
}

/** The memory of an instance that is not going to go on from it, and what an earlier launch left of its own. */
export async function forgetMemory({ pool }: Host, { id, generation }: InstanceRecord): Promise<void> {
  const { path, ended } = pool.memory(id, generation)
  for (const left of [...(await pool.statesOf(id)), path, ended]) await remove(left)
}

/** From suspended to paused, in another process of the same launch. Throws a Refusal for memory that can not be read. */
export async function wake(host: Host, record: InstanceRecord): Promise<InstanceRecord> {
  const { pool, machines, records } = host
  const { id, generation, memoryBytes } = record
  const state = pool.state(id, generation)
  const corrupt = (why: string) =>
    new Refusal('corrupt', `instance ${id}: its memory can not be read (${why}); its disks are as they were`)
  if (!isThere(state)) throw corrupt('there is none')
  // Of an earlier attempt: its guest did not run yet.
  await machines.end(id)
  await startProcess(host, record, true)
  try {
    await machines.talk(
      id,
      async qmp => {
        await qmp.execute('migrate-incoming', { uri: `exec:cat ${quoted(state)}` })
        for (;;) {
          const { status, 'error-desc': why } = await qmp.execute('query-migrate')
          if (status === 'completed') return
          if (status === 'failed') throw corrupt(why ?? 'QEMU does not say why')
          await sleep(10)
        }
      },
      patienceMs(memoryBytes),
    )
  } catch (error) {
    // A process that can not go on from it ends.
    if (error instanceof QmpLost && (await machines.isAlive(id))) throw error
    await machines.end(id)
    throw error instanceof QmpLost ? corrupt('its process ended') : error
  }
  const awake = await records.keep({ ...record, isSuspended: undefined })
  await forgetMemory(host, awake)
  return awake
}
