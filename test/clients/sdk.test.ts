/** The AWS SDK for JavaScript, of this day: it also parses answers by the newest model of the service. */
import {
  AttachVolumeCommand,
  CreateImageCommand,
  CreateSnapshotCommand,
  CreateVolumeCommand,
  DeleteSnapshotCommand,
  DeleteVolumeCommand,
  DeregisterImageCommand,
  DescribeAvailabilityZonesCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeVolumesCommand,
  EC2Client,
  ModifyInstanceAttributeCommand,
  paginateDescribeInstances,
  RegisterImageCommand,
  RunInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
  waitUntilImageAvailable,
  waitUntilInstanceRunning,
  waitUntilInstanceStopped,
  waitUntilInstanceTerminated,
  waitUntilSnapshotCompleted,
  waitUntilVolumeAvailable,
  waitUntilVolumeDeleted,
  waitUntilVolumeInUse,
} from '@aws-sdk/client-ec2'
import { describe, expect, it } from 'vitest'
import { happyEnd, image, key, region, served } from './client.ts'

describe('the SDK for JavaScript', () => {
  const server = served()
  const clientWith = (secretAccessKey = key.secretAccessKey) =>
    new EC2Client({ region, endpoint: server.url, credentials: { accessKeyId: key.accessKeyId, secretAccessKey } })
  const codeOf = (call: Promise<unknown>): Promise<string | undefined> =>
    call.then(
      () => undefined,
      error => error.name,
    )

  it('boots from a volume, and its waiters finish', async () => {
    const client = clientWith()
    const patience = { client, maxWaitTime: 240, minDelay: 1, maxDelay: 1 }
    const zones = await client.send(new DescribeAvailabilityZonesCommand())
    const AvailabilityZone = zones.AvailabilityZones![0]!.ZoneName!
    const { VolumeId: blank } = await client.send(new CreateVolumeCommand({ AvailabilityZone, Size: 4 }))
    await waitUntilVolumeAvailable(patience, { VolumeIds: [blank!] })
    const { SnapshotId } = await client.send(new CreateSnapshotCommand({ VolumeId: blank }))
    await waitUntilSnapshotCompleted(patience, { SnapshotIds: [SnapshotId!] })
    const DeviceName = '/dev/sda1'
    const BlockDeviceMappings = [{ DeviceName, Ebs: { SnapshotId } }]
    const register = { Name: 'sdk root', RootDeviceName: DeviceName, BlockDeviceMappings }
    const { ImageId: own } = await client.send(new RegisterImageCommand(register))
    await waitUntilImageAvailable(patience, { ImageIds: [own!] })

    const launched = await client.send(
      new RunInstancesCommand({
        ImageId: own,
        InstanceType: 't3.micro',
        MinCount: 1,
        MaxCount: 1,
        DisableApiTermination: true,
        BlockDeviceMappings: [{ DeviceName, Ebs: { VolumeSize: 6 } }],
      }),
    )
    const InstanceIds = [launched.Instances![0]!.InstanceId!]
    const [InstanceId] = InstanceIds
    const described = async () =>
      (await client.send(new DescribeInstancesCommand({ InstanceIds }))).Reservations![0]!.Instances![0]!
    const volume = async (id: string) =>
      (await client.send(new DescribeVolumesCommand({ VolumeIds: [id] }))).Volumes![0]!
    await waitUntilInstanceRunning(patience, { InstanceIds })
    const statesSeen = [(await described()).State!.Name]
    const rootId = (await described()).BlockDeviceMappings![0]!.Ebs!.VolumeId!
    const root = await volume(rootId)

    const placed = (await described()).Placement!.AvailabilityZone!
    const { VolumeId: data } = await client.send(new CreateVolumeCommand({ AvailabilityZone: placed, Size: 1 }))
    await waitUntilVolumeAvailable(patience, { VolumeIds: [data!] })
    await client.send(new AttachVolumeCommand({ VolumeId: data, InstanceId, Device: '/dev/sdf' }))
    await waitUntilVolumeInUse(patience, { VolumeIds: [data!] })
    await expect.poll(async () => (await volume(data!)).Attachments![0]!.State).toBe('attached')
    const deleteInUse = await codeOf(client.send(new DeleteVolumeCommand({ VolumeId: data })))
    const created = await client.send(new CreateImageCommand({ InstanceId, Name: 'sdk copy', NoReboot: true }))
    await waitUntilImageAvailable(patience, { ImageIds: [created.ImageId!] })
    const { Images } = await client.send(new DescribeImagesCommand({ ImageIds: [created.ImageId!] }))
    const snapshots = Images![0]!.BlockDeviceMappings!.map(each => each.Ebs!.SnapshotId!)

    await client.send(new StopInstancesCommand({ InstanceIds }))
    await waitUntilInstanceStopped(patience, { InstanceIds })
    statesSeen.push((await described()).State!.Name)
    await client.send(new StartInstancesCommand({ InstanceIds }))
    await waitUntilInstanceRunning(patience, { InstanceIds })
    statesSeen.push((await described()).State!.Name)
    const terminateProtected = await codeOf(client.send(new TerminateInstancesCommand({ InstanceIds })))
    const unprotect = { InstanceId, DisableApiTermination: { Value: false } }
    await client.send(new ModifyInstanceAttributeCommand(unprotect))
    await client.send(new TerminateInstancesCommand({ InstanceIds }))
    await waitUntilInstanceTerminated(patience, { InstanceIds })
    statesSeen.push((await described()).State!.Name)
    await waitUntilVolumeDeleted(patience, { VolumeIds: [rootId] })
    await waitUntilVolumeAvailable(patience, { VolumeIds: [data!] })
    const dataAfterTerminate = (await volume(data!)).State
    const stopTerminated = await codeOf(client.send(new StopInstancesCommand({ InstanceIds })))

    for (const ImageId of [own, created.ImageId]) await client.send(new DeregisterImageCommand({ ImageId }))
    for (const id of [SnapshotId, ...snapshots]) await client.send(new DeleteSnapshotCommand({ SnapshotId: id }))
    for (const VolumeId of [data, blank]) await client.send(new DeleteVolumeCommand({ VolumeId }))
    const wrong = await codeOf(clientWith('not-the-secret').send(new DescribeInstancesCommand({})))
    expect({
      rootSnapshot: root.SnapshotId === SnapshotId,
      rootSizeGiB: root.Size,
      statesSeen,
      imageSnapshots: snapshots.length,
      rootAfterTerminate: 'gone',
      dataAfterTerminate,
      refusals: { stopTerminated, deleteInUse, terminateProtected },
      wrongSignature: wrong === 'AuthFailure' || wrong === 'SignatureDoesNotMatch',
    }).toEqual(happyEnd)
  })

  it('pages through many, and is answered once for one client token', async () => {
    const client = clientWith()
    const request = { ImageId: image, InstanceType: 't3.micro', MinCount: 1, MaxCount: 1 } as const
    const ids = new Set<string>()
    for (let index = 0; index < 12; index += 1)
      ids.add((await client.send(new RunInstancesCommand(request))).Instances![0]!.InstanceId!)
    const paged: string[] = []
    for await (const page of paginateDescribeInstances({ client, pageSize: 5 }, {}))
      for (const { Instances } of page.Reservations!) paged.push(...Instances!.map(each => each.InstanceId!))
    expect(new Set(paged).size).toBe(paged.length)
    for (const id of ids) expect(paged).toContain(id)
    const twice = { ...request, ClientToken: 'story-of-a-token' }
    const [one, two] = [
      await client.send(new RunInstancesCommand(twice)),
      await client.send(new RunInstancesCommand(twice)),
    ]
    expect(two.Instances![0]!.InstanceId).toBe(one.Instances![0]!.InstanceId)
    expect(two.ReservationId).toBe(one.ReservationId)
    expect(await codeOf(client.send(new RunInstancesCommand({ ...twice, MaxCount: 2 })))).toBe(
      'IdempotentParameterMismatch',
    )
  })
})
