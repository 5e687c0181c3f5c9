/** Memory to the disk and back through the driver, and by QEMU's own commands given by hand to the same machine. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Qmp } from '../../../src/drivers/qemu/qmp.ts'
import { doing, instanceSpec, mebibytes, start, volumeSpec } from '../../drivers/qemu/asking.ts'
import { msOf, spawned } from './bare.ts'
import { type Cloud, poolOf } from './cloud.ts'
import { above, type Figure } from './figures.ts'

async function byHand<T>(run: string, work: (qmp: Qmp) => Promise<T>): Promise<T> {
  const qmp = await Qmp.connect(join(run, 'qmp'))
  try {
    return await work(qmp)
  } finally {
    qmp.close()
    await qmp.closed
  }
}
const migrated = async (qmp: Qmp): Promise<void> => {
  while ((await qmp.execute('query-migrate')).status !== 'completed') await sleep(1)
}

/** An instance that no engine knows: nobody else minds when it is put to sleep by hand. */
const id = 'i-bench'

export async function benchMemory({ driver }: Cloud, folder: string, image: string, rounds: number): Promise<Figure[]> {
  await doing(driver, 'volumeEnsure', 'vol-bench', volumeSpec(8 * mebibytes, { kind: 'image', id: image }))
  await doing(driver, 'instanceEnsure', id, instanceSpec(['vol-bench'], { memoryBytes: 96 * mebibytes }))
  await doing(driver, 'instancePower', id, start())
  const run = join(poolOf(folder), 'run', id)
  const [saves, bareSaves, suspends, bareSuspends, resumes, bareResumes] = [[], [], [], [], [], []] as number[][]
  const suspended = { want: 'suspended', mode: 'hard', generation: 1 }
  for (let round = 0; round < rounds; round += 1) {
    const snapshot = `shot-${round}`
    saves!.push(await msOf(() => doing(driver, 'vmSnapshotEnsure', id, { snapshot, memory: true, generation: 1 })))
    await doing(driver, 'vmSnapshotDelete', id, { snapshot })
    await byHand(run, async qmp => {
      const nodes = await qmp.execute('query-named-block-nodes', { flat: true })
      const devices = nodes
        .filter(({ drv }) => drv === 'qcow2')
        .map(each => each['node-name'])
        .filter(name => name.startsWith('v-'))
      const job = { 'job-id': `bare${round}`, tag: `bare${round}`, devices }
      const ended = async (name: string) => {
        while ((await qmp.execute('query-jobs')).find(each => each.id === name)?.status !== 'concluded') await sleep(1)
        await qmp.execute('job-dismiss', { id: name })
      }
      bareSaves!.push(
        await msOf(async () => {
          await qmp.execute('snapshot-save', { ...job, vmstate: devices[0]! })
          await ended(job['job-id'])
        }),
      )
      await qmp.execute('snapshot-delete', job)
      await ended(job['job-id'])
    })

    suspends!.push(await msOf(() => doing(driver, 'instancePower', id, suspended)))
    resumes!.push(await msOf(() => doing(driver, 'instancePower', id, start())))

    // The same by hand, and back: the driver finds it running as it left it.
    const file = join(folder, 'memory')
    const [program, ...words] = JSON.parse(readFileSync(join(run, 'launch.json'), 'utf8')) as [string, ...string[]]
    bareSuspends!.push(
      await msOf(() =>
        byHand(run, async qmp => {
          await qmp.execute('stop')
          await qmp.execute('migrate', { uri: `exec:cat > ${file}` })
          await migrated(qmp)
          await qmp.execute('quit')
          await qmp.closed
        }),
      ),
    )
    const incoming = words.includes('-incoming') ? words : [...words, '-incoming', 'defer']
    bareResumes!.push(
      await msOf(async () => {
        await spawned(program, incoming)
        await byHand(run, async qmp => {
          await qmp.execute('migrate-incoming', { uri: `exec:cat ${file}` })
          await migrated(qmp)
          await qmp.execute('cont')
        })
      }),
    )
  }
  await doing(driver, 'instanceDestroy', id)
  await doing(driver, 'volumeDelete', 'vol-bench')
  return [
    above('snapshot with memory', saves!, bareSaves!),
    above('suspend', suspends!, bareSuspends!),
    above('resume', resumes!, bareResumes!),
  ]
}
