/** Jobs of a machine: each is known by its id, goes on without us, and stays when it has ended until it is dismissed. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Qmp } from './qmp.ts'
import type { JobInfo } from './qmp-commands.ts'

export const findJob = async (qmp: Qmp, id: string): Promise<JobInfo | undefined> =>
  (await qmp.execute('query-jobs')).find(job => job.id === id)

/** Begins the job unless it is there, and waits for its end. What it says is safe only when it is dismissed. */
export async function endedJob(qmp: Qmp, id: string, begin: () => Promise<unknown>): Promise<JobInfo> {
  let job = await findJob(qmp, id)
  if (job === undefined) {
    await begin()
    job = await findJob(qmp, id)
  }
  while (job?.status !== 'concluded') {
    await sleep(10)
    job = await findJob(qmp, id)
    if (job === undefined) throw new Error(`the job ${id} is gone, and nobody knows how it ended`)
  }
  return job
}

/** Takes the job away if it has ended: what it said is written down. */
export async function dismissJob(qmp: Qmp, id: string): Promise<void> {
  const job = await findJob(qmp, id)
  if (job?.status === 'concluded') await qmp.execute('job-dismiss', { id })
}
