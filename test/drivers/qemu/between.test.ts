/**
 * A process that starts has its number before its monitor, one that ends loses its monitor first, and one that is killed
 * loses its words before its disks. Whoever looks in that moment waits for what comes of it. (spec: drivers-and-qemu 1.)
 */
import { spawn } from 'node:child_process'
import { once as heard } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { runFiles } from '../../../src/drivers/qemu/command-line.ts'
import type { MachinesOptions } from '../../../src/drivers/qemu/machines.ts'
import { holderOf } from '../../../src/drivers/qemu/process-lock.ts'
import { QmpLost } from '../../../src/drivers/qemu/qmp.ts'
import { describeWith, inFolder } from './debian.ts'
import { hostOn } from './host-on.ts'

/** It has the words of a machine, and its monitor comes, or its end, when it is told. */
const stranger = `
const [, file, , socket] = process.argv.slice(1)
const fs = require('node:fs')
fs.writeFileSync(file, String(process.pid))
const says = { 'query-name': { name: 'i-1.1' }, 'query-status': { status: 'running' } }
const listen = () => require('node:net').createServer(client => {
  client.write('{"QMP": {"version": {}, "capabilities": []}}\\n')
  client.on('data', bytes => {
    for (const line of bytes.toString().split('\\n').filter(Boolean)) {
      const { execute, id } = JSON.parse(line)
      client.write(JSON.stringify({ return: says[execute] ?? {}, id }) + '\\n')
    }
  })
}).listen(socket)
const hangUp = () => {
  const refusing = require('node:net').createServer(client => {
    process.stdout.write('hung up')
    client.destroy()
  }).listen(socket)
  return () => refusing.close(listen)
}
let next
process.stdin.on('data', word => {
  if (String(word) === 'hang up') next = hangUp()
  else if (String(word) === 'listen') (next ?? listen)()
  else process.exit()
})
process.stdout.write('up')
`

const withStranger = (
  work: (host: ReturnType<typeof hostOn>, tell: (word: string) => void, said: () => Promise<unknown>) => Promise<void>,
  options: Partial<MachinesOptions> = {},
) =>
  inFolder(async pool => {
    const host = hostOn(pool, options)
    const { pid, monitor } = runFiles(join(pool, 'run', 'i-1'))
    mkdirSync(join(pool, 'run', 'i-1'), { recursive: true })
    writeFileSync(pid, '')
    const words = ['-e', stranger, '--', '-pidfile', pid, '-qmp', monitor]
    const started = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] })
    const ended = heard(started, 'exit')
    try {
      await heard(started.stdout, 'data')
      await work(
        host,
        word => void started.stdin.write(word),
        () => heard(started.stdout, 'data'),
      )
    } finally {
      started.kill('SIGKILL')
      await ended
      host.pool.release()
    }
  })

describe('a process without a monitor', () => {
  it('is what its monitor says once it listens', () =>
    withStranger(async (host, tell) => {
      const seen = host.machines.look('i-1')
      await sleep(60)
      tell('listen')
      expect(await seen).toEqual({ isAlive: true, name: 'i-1.1', runState: 'running' })
    }))

  it('is asked again when its monitor hangs up, as that of one that ends does', () =>
    withStranger(async (host, tell, said) => {
      tell('hang up')
      const heardIt = said()
      const seen = host.machines.look('i-1')
      await heardIt
      tell('listen')
      expect(await seen).toEqual({ isAlive: true, name: 'i-1.1', runState: 'running' })
    }))

  it('is not there any more once it has ended', () =>
    withStranger(async (host, tell) => {
      const seen = host.machines.look('i-1')
      await sleep(60)
      tell('end')
      expect(await seen).toEqual({ isAlive: false })
    }))

  it('is said not to answer when it stays like that', () =>
    withStranger(
      async host => {
        await expect(host.machines.look('i-1')).rejects.toThrow(QmpLost)
      },
      { greetingTimeoutMs: 100 },
    ))
})

/** Its first thread has ended, so that its words are gone, and another one keeps its files open until it is told. */
const halfEnded = `
import ctypes, os, sys, threading
def stay():
    sys.stdin.readline()
    os._exit(0)
threading.Thread(target=stay).start()
ctypes.CDLL(None).pthread_exit(None)
`

describeWith({ probe: ['python3', '--version'], packages: 'python3' }, 'a process that was killed', () => {
  it('is there until it has let go of what it had open: before, no other may have its disks', () =>
    inFolder(async folder => {
      const file = join(folder, 'pid')
      const ending = spawn('python3', ['-c', halfEnded, '-pidfile', file, '-S'], {
        stdio: ['pipe', 'ignore', 'inherit'],
      })
      const ended = heard(ending, 'exit')
      writeFileSync(file, `${ending.pid}\n`)
      try {
        while (readFileSync(`/proc/${ending.pid}/cmdline`, 'utf8') !== '') await sleep(5)
        expect(await holderOf(file)).toBe(ending.pid)
        ending.stdin.write('end\n')
        await ended
        expect(await holderOf(file)).toBe(undefined)
      } finally {
        ending.kill('SIGKILL')
        await ended
      }
    }))
})
