/** Real machines behind the EC2 door: what an EC2 client asks for happens to processes of QEMU, and their guests say so. */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  CreateSnapshotCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  EC2Client,
  GetConsoleOutputCommand,
  RunInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
  waitUntilInstanceRunning,
  waitUntilInstanceStopped,
  waitUntilInstanceTerminated,
  waitUntilSnapshotCompleted,
} from '@aws-sdk/client-ec2'
import { expect, it } from 'vitest'
import { type Server, serve, stemma } from '../cli/stemma.ts'
import { describeWith, qemuSystem } from '../drivers/qemu/debian.ts'
import { endAll, holderOf } from '../drivers/qemu/processes.ts'
import { talkingGuest } from '../drivers/qemu/talking-guest.ts'
import { type Client, key, region, story } from './client.ts'

const awscli: Client = { probe: ['/usr/bin/aws', '--version'], package: 'awscli' }
const withinMs = 300_000

interface Cloud {
  readonly folder: string
  readonly pool: string
  /** Starts a server, which ends with the cloud. */
  readonly open: (...words: string[]) => Promise<Server>
}

/** An empty cloud of real machines, with a folder that has an image. */
async function inCloud(tell: (cloud: Cloud) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'real-'))
  const pool = join(folder, 'pool')
  mkdirSync(join(folder, 'images'))
  writeFileSync(join(folder, 'images', 'talker.raw'), talkingGuest())
  const fixtures = {
    regions: [{ name: region, zones: ['us-east-1a'] }],
    accounts: [{ name: '123456789012', keys: [key] }],
    instanceTypes: [{ name: 'tiny', vcpus: 1, memoryMiB: 32 }],
  }
  writeFileSync(join(folder, 'fixtures.json'), JSON.stringify(fixtures))
  const servers: Server[] = []
  const open = async (...words: string[]) => {
    const real = ['--driver', 'qemu', '--images', 'images', '--pool', 'pool', '--fixtures', 'fixtures.json']
    servers.push(await serve(folder, [...real, ...words]))
    return servers.at(-1)!
  }
  try {
    await tell({ folder, pool, open })
  } finally {
    for (const server of servers) if (server.process.exitCode === null) await server.stop()
    if (existsSync(pool)) await endAll(pool)
    rmSync(folder, { recursive: true })
  }
}

const clientOf = ({ url }: Server) => new EC2Client({ region, endpoint: url, credentials: { ...key } })
const imagesOf = async (client: EC2Client) =>
  (await client.send(new DescribeImagesCommand({}))).Images!.map(({ ImageId, Name, Public }) => [ImageId, Name, Public])
const consoleOf = async (client: EC2Client, InstanceId: string): Promise<string> => {
  const { Output = '' } = await client.send(new GetConsoleOutputCommand({ InstanceId, Latest: true }))
  return Buffer.from(Output, 'base64').toString()
}
const launched = async (client: EC2Client): Promise<string> => {
  const [[ImageId]] = (await imagesOf(client)) as [[string]]
  const run = new RunInstancesCommand({ ImageId, InstanceType: 'tiny' as never, MinCount: 1, MaxCount: 1 })
  return (await client.send(run)).Instances![0]!.InstanceId!
}
const patience = (client: EC2Client) => ({ client, maxWaitTime: 240, minDelay: 1, maxDelay: 1 })
const says = (client: EC2Client, id: string, text: string) =>
  expect.poll(() => consoleOf(client, id), { interval: 100 }).toContain(text)

describeWith(qemuSystem, 'machines behind the EC2 door', () => {
  it(
    'boot, end when they are asked to, keep what they wrote, and leave nothing',
    () =>
      inCloud(async ({ pool, open }) => {
        const client = clientOf(await open())
        const id = await launched(client)
        const InstanceIds = [id]
        await waitUntilInstanceRunning(patience(client), { InstanceIds })
        await says(client, id, 'guest: boots 1')
        expect(await holderOf(pool, id)).toBeTypeOf('number')

        await client.send(new StopInstancesCommand({ InstanceIds }))
        await waitUntilInstanceStopped(patience(client), { InstanceIds })
        expect(await holderOf(pool, id)).toBe(undefined)
        await client.send(new StartInstancesCommand({ InstanceIds }))
        await waitUntilInstanceRunning(patience(client), { InstanceIds })
        await says(client, id, 'guest: boots 2')

        const { Reservations } = await client.send(new DescribeInstancesCommand({ InstanceIds }))
        const VolumeId = Reservations![0]!.Instances![0]!.BlockDeviceMappings![0]!.Ebs!.VolumeId!
        const { SnapshotId } = await client.send(new CreateSnapshotCommand({ VolumeId }))
        await waitUntilSnapshotCompleted(patience(client), { SnapshotIds: [SnapshotId!] })
        await client.send(new TerminateInstancesCommand({ InstanceIds }))
        await waitUntilInstanceTerminated(patience(client), { InstanceIds })
        const files = (part: string) => readdirSync(join(pool, part))
        await expect.poll(() => files('volumes')).toEqual([])
        expect([files('run'), files('snapshots')]).toEqual([[], [`${SnapshotId}.qcow2`]])
      }),
    withinMs,
  )

  it(
    'outlive a server that is killed, and are those of the next one, whose images have the same ids',
    () =>
      inCloud(async ({ folder, pool, open }) => {
        const first = await open()
        const client = clientOf(first)
        const id = await launched(client)
        await waitUntilInstanceRunning(patience(client), { InstanceIds: [id] })
        const [images, pid] = [await imagesOf(client), await holderOf(pool, id)]
        expect(images).toEqual([[expect.stringMatching(/^ami-[0-9a-f]{17}$/), 'talker', true]])
        await first.stop('SIGKILL')

        // A changed image is another one, and its name is taken.
        writeFileSync(join(folder, 'images', 'talker.raw'), talkingGuest(2 * 1024 * 1024))
        const second = await open()
        expect(second.output).toContain(
          `refused talker.raw: it is not what it was when it was registered as ${images[0]![0]}`,
        )
        const later = clientOf(second)
        expect(await imagesOf(later)).toEqual(images)
        const { Reservations } = await later.send(new DescribeInstancesCommand({}))
        expect(Reservations!.map(({ Instances }) => [Instances![0]!.InstanceId, Instances![0]!.State!.Name])).toEqual([
          [id, 'running'],
        ])
        expect(await holderOf(pool, id)).toBe(pid)
        await says(later, id, 'guest: boots 1')

        // Without a server, a command opens the file itself, and with it the same machines.
        await second.stop()
        const stopped = await stemma(folder, ['stop', id, '--json'])
        expect(JSON.parse(stopped.stdout)).toMatchObject({ settled: 'stopped' })
        expect(await holderOf(pool, id)).toBe(undefined)
      }),
    withinMs,
  )

  it(
    'have one server, of one data file',
    () =>
      inCloud(async ({ folder, open }) => {
        const server = await open()
        const started = (...words: string[]) => stemma(folder, ['serve', '--port', '0', ...words])
        const other = await started('--driver', 'qemu', '--pool', 'pool', '--data', 'other.db')
        expect([other.code, other.stderr]).toEqual([
          1,
          expect.stringContaining(`used by process ${server.process.pid} `),
        ])
        await server.stop()
        for (const words of [
          ['--driver', 'simulated'],
          ['--pool', 'elsewhere'],
          ['--driver', 'qemu', '--instant'],
          ['--ephemeral', '--driver', 'qemu'],
          ['--data', 'third.db', '--images', 'images'],
        ]) {
          expect([words, (await started(...words)).code]).toEqual([words, 2])
        }
      }),
    withinMs,
  )

  story(
    awscli,
    'live the life that the server prints for the AWS command line',
    () =>
      inCloud(async ({ folder, pool, open }) => {
        const { output } = await open()
        const lines = output.split('And a whole life, line by line:\n')[1]!.split('\n\n')[0]!
        // Whoever types it takes a moment to read; this one waits until the guest has spoken.
        const spoken = lines.replace(/(ec2 get-console-output.*)/, 'until $1 | grep boots; do sleep 0.1; done')
        const env = { PATH: '/usr/bin:/bin', HOME: folder, LANG: 'C.UTF-8', AWS_PAGER: '' }
        const { stdout } = await promisify(execFile)('bash', ['-ec', spoken], { cwd: folder, env })
        expect(stdout).toContain('guest: boots 1')
        expect(readdirSync(join(pool, 'run'))).toEqual([])
        expect(readdirSync(join(pool, 'snapshots')).length).toBe(1)
      }),
    withinMs,
  )
})
