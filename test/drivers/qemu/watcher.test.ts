/** News of machines: nobody says a second time that one has ended, so what cannot be known at first is looked at again. */
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { machineName } from '../../../src/drivers/qemu/command-line.ts'
import type { Host } from '../../../src/drivers/qemu/host.ts'
import type { Sighting } from '../../../src/drivers/qemu/machines.ts'
import { QmpLost } from '../../../src/drivers/qemu/qmp.ts'
import type { InstanceRecord } from '../../../src/drivers/qemu/records.ts'
import { Watcher } from '../../../src/drivers/qemu/watcher.ts'
import { instanceSpec } from './asking.ts'
import { inFolder } from './debian.ts'
import { hostOn } from './host-on.ts'

const ended: Sighting = { isAlive: false }
const runs: Sighting = { isAlive: true, name: machineName('i-1', 1), runState: 'running' }

/** An instance that is known to run, whose machine is seen as these looks say, one after the other, and then as the last. */
async function watched(folder: string, looks: (Sighting | 'silent')[], work: (watcher: Watcher) => Promise<void>) {
  const host = hostOn(folder)
  const spec = instanceSpec([])
  await host.records.keep({
    ...{
      kind: 'instance',
      id: 'i-1',
      owner: 'stemma',
      token: 't',
      madeAt: 1,
      spec,
      vcpus: 1,
      memoryBytes: spec.memoryBytes,
    },
    ...{ generation: 1, launched: 1, isOff: false, devices: [] },
  } satisfies InstanceRecord)
  const look = async () => {
    const seen = looks.length > 1 ? looks.shift()! : looks[0]!
    if (seen === 'silent') throw new QmpLost('it does not answer', false)
    return seen
  }
  const watcher = new Watcher({ ...host, machines: { look } as unknown as Host['machines'] })
  try {
    await work(watcher)
  } finally {
    watcher.close()
    host.pool.release()
  }
}
const first = async (watcher: Watcher, fits: (status: unknown) => boolean) => {
  for await (const { facts } of watcher.watch(new AbortController().signal)) if (fits(facts.status)) return facts
  throw new Error('the news ended')
}

describe('the news of a machine', () => {
  it('that is ending and does not answer come as soon as it is known that it has', () =>
    inFolder(folder =>
      watched(folder, ['silent', 'silent', ended], async watcher => {
        expect(await first(watcher, () => true)).toMatchObject({ status: 'stopped', endReason: 'vanished' })
      }),
    ))

  it('go on when the line was lost, or was that of a process before it', () =>
    inFolder(async folder => {
      const lines: Socket[] = []
      mkdirSync(join(folder, 'run', 'i-1'), { recursive: true })
      const server = createServer(socket => {
        lines.push(socket)
        socket.on('error', () => {})
        socket.write('{"QMP": {}}\r\n')
        socket.once('data', bytes => {
          socket.write(`{"return": {}, "id": ${JSON.parse(String(bytes)).id}}\r\n`)
          // The first is lost. The second says nothing: its guest had ended before anybody listened.
          if (lines.length === 1) socket.end()
        })
      }).listen(join(folder, 'run', 'i-1', 'events'))
      await once(server, 'listening')
      try {
        await watched(folder, [runs, runs, ended], async watcher => {
          expect(await first(watcher, status => status !== 'running')).toMatchObject({ status: 'stopped' })
          expect(lines).toHaveLength(2)
        })
      } finally {
        for (const line of lines) line.destroy()
        server.close()
      }
    }))
})
