/** One port while what stands behind it is replaced, or ends: nobody waits for a client that does not go on. */
import { type ClientRequest, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { fixturesSchema } from '../../src/cli/fixtures.ts'
import { Front } from '../../src/cli/serve/front.ts'
import { openHouse } from '../../src/cli/serve/house.ts'
import { signed } from '../doors/ec2/sign.ts'

const key = { accessKeyId: 'STEMMAFRONT', secretAccessKey: 'secret-of-the-front', account: 'default' }
const token = { token: 'a-token-of-the-front-tests', account: 'default' }
const fixtures = fixturesSchema.parse({ images: [{ id: 'ami-00000001', name: 'base' }] })
const faults: unknown[] = []
const onFault = (error: unknown) => void faults.push(error)
const open = () => openHouse({ data: undefined, instant: true, fixtures, tokens: [token], keys: [key], onFault })

let front: Front | undefined
afterEach(async () => {
  await front?.close()
  front = undefined
  faults.length = 0
})

async function listening(): Promise<number> {
  front = new Front({ open, instant: false, ephemeral: true, graceMs: 200, onFault }, await open())
  return front.listen(0, '127.0.0.1')
}

const reset = async (port: number) => (await fetch(`http://127.0.0.1:${port}/-/reset`, { method: 'POST' })).status

/** A request of which the rest never comes. */
async function half(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  await new Promise(resolve => socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nAction', resolve))
  // The server has read it once it has answered what came after it.
  await fetch(`http://127.0.0.1:${port}/-/health`)
  return socket
}

function ec2(port: number, parameters: Record<string, string>): Promise<number> {
  const url = `http://127.0.0.1:${port}/`
  const { headers, body } = signed({
    url,
    region: 'us-east-1',
    key,
    parameters: { Version: '2016-11-15', ...parameters },
  })
  return fetch(url, { method: 'POST', headers, body }).then(({ status }) => status)
}

describe('a reset', () => {
  it('does not wait for the rest of a request that never comes', async () => {
    const port = await listening()
    const socket = await half(port)
    expect(await reset(port)).toBe(200)
    expect(await reset(port)).toBe(200)
    socket.destroy()
  })

  it('does not wait for a client that went away during another reset', async () => {
    const port = await listening()
    await half(port)
    const first = reset(port)
    const gone = await new Promise<ClientRequest>(resolve => {
      const asked = request({ port, host: '127.0.0.1', path: '/' })
      asked.on('error', () => {})
      asked.on('socket', socket => socket.once('connect', () => resolve(asked)))
      asked.end()
    })
    gone.destroy()
    expect(await first).toBe(200)
    expect(await reset(port)).toBe(200)
  })

  it('lets a request that waits for effects to settle go on with what takes its place', async () => {
    const house = await open()
    const idle = house.cloud.idle.bind(house.cloud)
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>()
    const { promise: held, resolve: release } = Promise.withResolvers<void>()
    house.cloud.idle = () => {
      ask()
      return held.then(idle)
    }
    front = new Front({ open, instant: true, ephemeral: true, onFault }, house)
    const port = await front.listen(0, '127.0.0.1')
    const answer = ec2(port, { Action: 'DescribeInstances' })
    await asked
    expect(await reset(port)).toBe(200)
    release()
    expect(await answer).toBe(200)
    expect(faults).toEqual([])
  })
})

describe('the end of a server', () => {
  it('does not wait for the rest of a request that never comes', async () => {
    const port = await listening()
    await half(port)
    await front!.close()
    front = undefined
    await expect(fetch(`http://127.0.0.1:${port}/-/health`)).rejects.toThrow()
  })
})
