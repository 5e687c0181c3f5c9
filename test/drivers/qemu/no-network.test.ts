/** No image makes anybody here connect to anything: not by its name, nor by what it names. (spec: images-and-rendering S28.) */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, it, type TestContext } from 'vitest'
import { withoutNetwork } from '../../../src/drivers/qemu/confined.ts'
import { importImages } from '../../../src/drivers/qemu/index.ts'
import { doing, mebibytes, refusal, volumeSpec, withQemuImg } from './asking.ts'
import { describeWith, inFolder, qemuImg } from './debian.ts'
import { onPool, openedOn } from './machine-setting.ts'

/** A server that is connected to by whoever follows what an image names. */
async function withListener(work: (port: number, connections: () => number) => Promise<void>): Promise<void> {
  let count = 0
  const server = createServer(socket => {
    count += 1
    socket.destroy()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    await work((server.address() as { port: number }).port, () => count)
  } finally {
    server.close()
  }
}

/** Names that QEMU would open over a network. */
const namesAt = (port: number): readonly string[] => [
  `nbd://127.0.0.1:${port}/disk`,
  `nbd:127.0.0.1:${port}:exportname=disk`,
  `http://127.0.0.1:${port}/disk`,
  `json:{"driver":"raw","file":{"driver":"nbd","server":{"type":"inet","host":"127.0.0.1","port":"${port}"}}}`,
]

/** A qcow2 file that stands on something it names: made by hand, since a tool would look first. */
function leaning(path: string, name: string): void {
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', path, String(mebibytes)])
  const bytes = readFileSync(path)
  const at = 512
  bytes.write(name, at, 'latin1')
  bytes.writeBigUInt64BE(BigInt(at), 8)
  bytes.writeUInt32BE(Buffer.byteLength(name, 'latin1'), 16)
  writeFileSync(path, bytes)
}

describeWith(qemuImg, 'an image that names something in a network', () => {
  it('is followed by a tool that is given it as it is: the listener hears when it is', () =>
    inFolder(folder =>
      withListener(async (port, connections) => {
        const path = join(folder, 'odd.qcow2')
        leaning(path, `nbd://127.0.0.1:${port}/disk`)
        const tool = spawn('qemu-img', ['convert', '-O', 'raw', path, join(folder, 'out.raw')], { stdio: 'ignore' })
        await once(tool, 'exit')
        expect(connections()).toBeGreaterThan(0)
      }),
    ))

  it('is refused before anything connects, as what an image stands on', () =>
    onPool(async (driver, pool) =>
      withListener(async (port, connections) => {
        for (const [at, name] of namesAt(port).entries()) {
          leaning(join(pool, 'images', `odd-${at}.qcow2`), name)
          const from = { kind: 'image', id: `odd-${at}` } as const
          expect(await refusal(driver, 'volumeEnsure', `vol-${at}`, volumeSpec(4 * mebibytes, from))).toBe('invalid')
        }
        expect(connections()).toBe(0)
      }),
    ))

  it('is refused before anything connects, as an image of a folder', () =>
    inFolder(async folder =>
      withListener(async (port, connections) => {
        const given = join(folder, 'given')
        mkdirSync(given)
        const names = namesAt(port)
        for (const [at, name] of names.entries()) leaning(join(given, `odd-${at}.qcow2`), name)
        const { images, refused } = await importImages({ pool: join(folder, 'p'), folder: given })
        expect([images, refused.map(({ why }) => why)]).toEqual([[], names.map(() => expect.stringMatching(/backing/))])
        expect(connections()).toBe(0)
      }),
    ))

  it('has no meaning as the name of an image or of a file', () =>
    onPool(async (driver, pool) =>
      withListener(async (port, connections) => {
        for (const name of namesAt(port)) {
          const from = { kind: 'image', id: name } as const
          expect(['invalid', 'notFound']).toContain(
            await refusal(driver, 'volumeEnsure', 'vol-1', volumeSpec(undefined, from)),
          )
        }
        const given = join(pool, 'given')
        mkdirSync(given)
        const path = join(given, `nbd:127.0.0.1:${port}:exportname=disk.raw`)
        writeFileSync(path, Buffer.alloc(mebibytes, 'x'))
        await driver.close!()
        const { images } = await importImages({ pool, folder: given })
        expect(images).toMatchObject([{ format: 'raw', virtualBytes: mebibytes }])
        expect(connections()).toBe(0)
      }),
    ))
})

describeWith(qemuImg, 'the tool that reads and writes disks', () => {
  const tool = execFileSync('sh', ['-c', 'command -v qemu-img'], { encoding: 'utf8' }).trim()

  /**
   * All of its runs that open a disk were in other networks than ours; skipped where it can not be without one. What makes
   * a new disk opens no other.
   */
  const isolatedIn = (title: string, work: (folder: string) => Promise<void>) =>
    it(title, async (trial: TestContext) => {
      if ((await withoutNetwork()).length === 0) return trial.skip('this kernel lets nobody give up the network')
      await inFolder(async folder => {
        const log = join(folder, 'networks')
        const noted = `[ "$1" = create ] || readlink /proc/self/ns/net >> '${log}'`
        await withQemuImg(folder, `${noted}; exec $real "$@"`, () => work(folder))
        const networks = readFileSync(log, 'utf8').trim().split('\n')
        expect(networks.length).toBeGreaterThan(0)
        expect(networks).not.toContain(readlinkSync('/proc/self/ns/net'))
      })
    })

  isolatedIn('has no network for what a stranger made', async folder => {
    const given = join(folder, 'given')
    mkdirSync(given)
    writeFileSync(join(given, 'plain.raw'), Buffer.alloc(mebibytes, 'x'))
    await importImages({ pool: join(folder, 'p'), folder: given })
  })

  isolatedIn("has none for the pool's own disks, whatever is done to them", folder =>
    openedOn(join(folder, 'p'), async (driver, pool) => {
      execFileSync(tool, ['create', '-q', '-f', 'qcow2', join(pool, 'images', 'image.qcow2'), '4M'])
      await doing(driver, 'volumeEnsure', 'vol-blank', volumeSpec())
      await doing(driver, 'volumeEnsure', 'vol-layer', volumeSpec(undefined, { kind: 'image', id: 'image' }))
      await doing(driver, 'volumeSnapshotEnsure', 'snap-1', { volume: 'vol-layer' })
      await doing(driver, 'volumeEnsure', 'vol-copy', volumeSpec(undefined, { kind: 'volumeSnapshot', id: 'snap-1' }))
      await doing(driver, 'volumeResize', 'vol-copy', { sizeBytes: 8 * mebibytes })
      await doing(driver, 'volumeRevert', 'vol-layer', { snapshot: 'snap-1' })
    }),
  )
})
