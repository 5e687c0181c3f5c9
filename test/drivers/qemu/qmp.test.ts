import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { Qmp, QmpLost, QmpRefused } from '../../../src/drivers/qemu/qmp.ts'
import type { QmpEvent } from '../../../src/drivers/qemu/qmp-commands.ts'
import { describeWith, inFolder, qemuSystem } from './debian.ts'
import { patient } from './machine-setting.ts'

const greeting = '{"QMP": {"version": {}, "capabilities": []}}\r\n'
type Asked = { execute: string; id: number }
const answer = (asked: Asked, value: object = { return: {} }) => `${JSON.stringify({ ...value, id: asked.id })}\r\n`

/** A monitor that greets, negotiates, and then answers each command as `behave` does. */
const monitor = (behave: (socket: Socket, asked: Asked) => void, greet: (socket: Socket) => void = greets) =>
  async function run(work: (path: string) => Promise<void>) {
    await inFolder(async folder => {
      const path = join(folder, 'qmp.sock')
      const sockets = new Set<Socket>()
      const server = createServer(socket => {
        sockets.add(socket)
        socket.on('error', () => {})
        socket.on('data', bytes => {
          for (const line of bytes.toString().split('\n').filter(Boolean)) {
            const asked = JSON.parse(line) as Asked
            if (asked.execute === 'qmp_capabilities') socket.write(answer(asked))
            else behave(socket, asked)
          }
        })
        greet(socket)
      }).listen(path)
      await once(server, 'listening')
      try {
        await work(path)
      } finally {
        for (const socket of sockets) socket.destroy()
        server.close()
      }
    })
  }
const greets = (socket: Socket) => void socket.write(greeting)
const lost = async (promise: Promise<unknown>): Promise<QmpLost> => {
  const error = await promise.then(
    () => undefined,
    (caught: unknown) => caught,
  )
  expect(error).toBeInstanceOf(QmpLost)
  return error as QmpLost
}

describe('a monitor that misbehaves', () => {
  it('is given up when it sends no greeting, and nothing was done', () =>
    monitor(
      () => {},
      () => {},
    )(async path => {
      const error = await lost(Qmp.connect(path, { greetingTimeoutMs: 50 }))
      expect(error.message).toContain('no greeting within 50 ms')
      expect(error.isEffectPossible).toBe(false)
    }))

  it('is given up when it is not there, or closes at once', async () => {
    await inFolder(async folder => {
      expect((await lost(Qmp.connect(join(folder, 'none.sock')))).isEffectPossible).toBe(false)
    })
    await monitor(
      () => {},
      socket => socket.destroy(),
    )(async path => {
      expect((await lost(Qmp.connect(path))).isEffectPossible).toBe(false)
    })
  })

  it('leaves a command it never answers as possibly done, and takes no other on that connection', () =>
    monitor(() => {})(async path => {
      const qmp = await Qmp.connect(path)
      expect((await lost(qmp.execute('quit', {}, 50))).isEffectPossible).toBe(true)
      expect((await lost(qmp.execute('query-status'))).isEffectPossible).toBe(false)
    }))

  it('is not given up because this process was held up, and could not hear it', () =>
    monitor((socket, asked) => socket.write(answer(asked, { return: { name: 'late' } })))(async path => {
      const qmp = await Qmp.connect(path)
      const asked = qmp.execute('query-name', {}, 100)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
      expect(await asked).toEqual({ name: 'late' })
      qmp.close()
    }))

  it('leaves every command as possibly done when it closes before the answers', () =>
    monitor((socket, asked) => asked.execute === 'quit' && socket.destroy())(async path => {
      const qmp = await Qmp.connect(path)
      const errors = await Promise.all([lost(qmp.execute('stop')), lost(qmp.execute('quit'))])
      expect(errors.map(error => error.isEffectPossible)).toEqual([true, true])
      await qmp.closed
    }))

  it('is understood when its frames are cut anywhere, also inside a character', () =>
    monitor((socket, asked) => {
      socket.setNoDelay(true)
      const bytes = Buffer.from(answer(asked, { return: { name: 'gäst-\u{1F600}' } }))
      void (async () => {
        for (const byte of bytes) {
          socket.write(Buffer.of(byte))
          await new Promise(setImmediate)
        }
      })()
    })(async path => {
      const qmp = await Qmp.connect(path)
      expect(await qmp.execute('query-name')).toEqual({ name: 'gäst-\u{1F600}' })
      qmp.close()
    }))

  it('gets each answer to its command, in whatever order they come, between events and strangers’ answers', () => {
    const held: Asked[] = []
    return monitor((socket, asked) => {
      held.push(asked)
      if (held.length < 3) return
      socket.write(
        '{"event": "RESUME", "timestamp": {"seconds": 1, "microseconds": 2}}\r\n{"return": {}, "id": 999}\r\n',
      )
      socket.write(
        held
          .reverse()
          .map(each => answer(each, { return: { name: each.execute } }))
          .join(''),
      )
    })(async path => {
      const qmp = await Qmp.connect(path)
      const events: QmpEvent[] = []
      const stop = qmp.listen(event => events.push(event))
      const answers = await Promise.all([qmp.execute('query-name'), qmp.execute('cont'), qmp.execute('stop')])
      expect(answers).toEqual([{ name: 'query-name' }, { name: 'cont' }, { name: 'stop' }])
      expect(events.map(({ event }) => event)).toEqual(['RESUME'])
      stop()
      qmp.close()
    })
  })

  it('is left when it does not speak JSON', () =>
    monitor(socket => void socket.write('Segmentation fault\n'))(async path => {
      const qmp = await Qmp.connect(path)
      expect((await lost(qmp.execute('cont'))).message).toContain('does not speak JSON: Segmentation fault')
    }))
})

describeWith(qemuSystem, 'a real QEMU', () => {
  const sockets = (folder: string) => ['qmp0', 'qmp1'].map(name => join(folder, name))
  /** Its socket is there a moment before anybody listens. */
  const connected = async (path: string): Promise<Qmp> => {
    for (;;)
      try {
        return await Qmp.connect(path, patient)
      } catch (error) {
        if (!(error instanceof QmpLost && error.isUnheard)) throw error
        await sleep(5)
      }
  }
  const withQemu = (work: (folder: string, qemu: ChildProcess) => Promise<void>) =>
    inFolder(async folder => {
      const monitors = sockets(folder).flatMap((path, at) => [
        '-chardev',
        `socket,id=m${at},path=${path},server=on,wait=off`,
        '-mon',
        `chardev=m${at},mode=control`,
      ])
      const words = [
        '-name',
        'guest=real',
        '-accel',
        'tcg',
        '-machine',
        'q35',
        '-m',
        '32',
        '-nodefaults',
        '-no-user-config',
      ]
      const qemu = spawn('qemu-system-x86_64', [...words, '-display', 'none', '-S', '-no-shutdown', ...monitors])
      const gone = once(qemu, 'exit')
      try {
        while (!sockets(folder).every(path => existsSync(path)) && qemu.exitCode === null) await sleep(5)
        await work(folder, qemu)
      } finally {
        qemu.kill('SIGKILL')
        await gone
      }
    })

  it('runs, stops, tells of it by events on both monitors, and ends', () =>
    withQemu(async folder => {
      const [first, second] = await Promise.all(sockets(folder).map(connected))
      const heard = new Promise<QmpEvent>(resolve => second!.listen(event => event.event === 'STOP' && resolve(event)))
      expect(await first!.execute('query-name')).toEqual({ name: 'real' })
      expect((await first!.execute('query-status')).status).toBe('prelaunch')
      await first!.execute('cont')
      await first!.execute('cont')
      expect((await second!.execute('query-status')).status).toBe('running')
      await first!.execute('stop')
      expect((await heard).event).toBe('STOP')
      expect((await first!.execute('query-status')).status).toBe('paused')
      await first!.execute('quit')
      await Promise.all([first!.closed, second!.closed])
    }))

  it('says no with a class, and goes on', () =>
    withQemu(async folder => {
      const qmp = await connected(sockets(folder)[0]!)
      const refused = await qmp.execute('device_del', { id: 'none' }).catch((error: unknown) => error)
      expect(refused).toBeInstanceOf(QmpRefused)
      expect(refused).toMatchObject({ command: 'device_del', errorClass: 'DeviceNotFound' })
      expect((await qmp.execute('query-status')).running).toBe(false)
      qmp.close()
    }))

  it('gives a second client of one monitor no greeting, and greets it when the first has left', () =>
    withQemu(async folder => {
      const path = sockets(folder)[0]!
      const first = await connected(path)
      expect((await lost(Qmp.connect(path, { greetingTimeoutMs: 100 }))).message).toContain('another client')
      first.close()
      const second = await connected(path)
      expect((await second.execute('query-status')).status).toBe('prelaunch')
      second.close()
    }))

  it('leaves what was asked as possibly done when it is killed, and throws nothing past it', () =>
    withQemu(async (folder, qemu) => {
      const qmp = await connected(sockets(folder)[0]!)
      qemu.kill('SIGSTOP')
      const asked = lost(qmp.execute('cont'))
      qemu.kill('SIGKILL')
      expect((await asked).isEffectPossible).toBe(true)
    }))
})
