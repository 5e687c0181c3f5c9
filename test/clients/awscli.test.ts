/**
 * Debian's AWS command line, as somebody types it. Its waiters ask every 15 seconds, so the server settles at once. Each
 * line is a start of Python, which takes most of a second of a processor: what one answer tells is asked for once.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect } from 'vitest'
import { type Client, environment, happyEnd, key, served, story } from './client.ts'

const client: Client = { probe: ['/usr/bin/aws', '--version'], package: 'awscli' }

describe('a story of booting from a volume, typed', () => {
  const server = served('--instant')

  const aws = async (words: string, secret = key.secretAccessKey): Promise<unknown> => {
    const args = ['--endpoint-url', server.url, '--output', 'json', 'ec2', ...words.split(' ')]
    const { stdout } = await promisify(execFile)('/usr/bin/aws', args, { env: environment(secret) })
    return stdout === '' ? undefined : JSON.parse(stdout)
  }
  /** One value of an answer. */
  const value = async <T = string>(words: string, path: string) => (await aws(`${words} --query ${path}`)) as T
  /** The code of the refusal, as it stands in parentheses in the message. */
  const refused = (words: string, secret?: string): Promise<string | undefined> =>
    aws(words, secret).then(
      () => undefined,
      error => /\((\w+(?:\.\w+)?)\)/.exec(error.stderr)?.[1],
    )

  story(client, 'ends as every other', async () => {
    const zone = await value('describe-availability-zones', 'AvailabilityZones[0].ZoneName')
    const blank = await value(`create-volume --availability-zone ${zone} --size 4`, 'VolumeId')
    await aws(`wait volume-available --volume-ids ${blank}`)
    const snapshot = await value(`create-snapshot --volume-id ${blank}`, 'SnapshotId')
    await aws(`wait snapshot-completed --snapshot-ids ${snapshot}`)
    const mapped = `DeviceName=/dev/sda1,Ebs={SnapshotId=${snapshot}}`
    const registered = `register-image --name typed-root --root-device-name /dev/sda1 --block-device-mappings ${mapped}`
    const own = await value(registered, 'ImageId')
    await aws(`wait image-available --image-ids ${own}`)

    const larger = 'DeviceName=/dev/sda1,Ebs={VolumeSize=6}'
    const run = `run-instances --image-id ${own} --instance-type t3.micro --block-device-mappings ${larger}`
    const id = await value(`${run} --disable-api-termination`, 'Instances[0].InstanceId')
    const described = <T = string>(path: string) =>
      value<T>(`describe-instances --instance-ids ${id}`, `Reservations[0].Instances[0].${path}`)
    await aws(`wait instance-running --instance-ids ${id}`)
    await aws(`wait instance-status-ok --instance-ids ${id}`)
    const parts = '[State.Name,BlockDeviceMappings[0].Ebs.VolumeId,Placement.AvailabilityZone]'
    const [first, rootVolume, place] = await described<string[]>(parts)
    const statesSeen = [first]
    const root = await value<[string, number]>(
      `describe-volumes --volume-ids ${rootVolume}`,
      'Volumes[0].[SnapshotId,Size]',
    )
    const [rootSnapshot, rootSizeGiB] = [root[0] === snapshot, root[1]]

    const data = await value(`create-volume --availability-zone ${place} --size 1`, 'VolumeId')
    await aws(`attach-volume --volume-id ${data} --instance-id ${id} --device /dev/sdf`)
    await aws(`wait volume-in-use --volume-ids ${data}`)
    const deleteInUse = await refused(`delete-volume --volume-id ${data}`)
    const second = await value(`create-image --instance-id ${id} --name typed-copy --no-reboot`, 'ImageId')
    const mapping = 'Images[0].BlockDeviceMappings[].Ebs.SnapshotId'
    const snapshots = (await aws(`describe-images --image-ids ${second} --query ${mapping}`)) as string[]

    for (const [verb, end] of [
      ['stop', 'stopped'],
      ['start', 'running'],
    ]) {
      await aws(`${verb}-instances --instance-ids ${id}`)
      await aws(`wait instance-${end} --instance-ids ${id}`)
      statesSeen.push(await described('State.Name'))
    }
    const terminateProtected = await refused(`terminate-instances --instance-ids ${id}`)
    await aws(`modify-instance-attribute --instance-id ${id} --no-disable-api-termination`)
    await aws(`terminate-instances --instance-ids ${id}`)
    await aws(`wait instance-terminated --instance-ids ${id}`)
    statesSeen.push(await described('State.Name'))
    await aws(`wait volume-deleted --volume-ids ${rootVolume}`)
    const dataAfterTerminate = await value(`describe-volumes --volume-ids ${data}`, 'Volumes[0].State')
    const stopTerminated = await refused(`stop-instances --instance-ids ${id}`)

    const each = (ids: readonly string[], words: string) => Promise.all(ids.map(id => aws(`${words} ${id}`)))
    await each([own, second], 'deregister-image --image-id')
    await each([snapshot, ...snapshots], 'delete-snapshot --snapshot-id')
    await each([data, blank], 'delete-volume --volume-id')
    const wrong = await refused('describe-instances', 'not-the-secret')
    expect({
      rootSnapshot,
      rootSizeGiB,
      statesSeen,
      imageSnapshots: snapshots.length,
      rootAfterTerminate: 'gone',
      dataAfterTerminate,
      refusals: { stopTerminated, deleteInUse, terminateProtected },
      wrongSignature: wrong === 'AuthFailure' || wrong === 'SignatureDoesNotMatch',
    }).toEqual(happyEnd)
  })

  story(client, 'takes snapshots of an instance at one moment', async () => {
    const image = await value('describe-images --owners amazon', 'Images[0].ImageId')
    const disk = 'DeviceName=/dev/sdf,Ebs={VolumeSize=1}'
    const run = `run-instances --image-id ${image} --instance-type t3.micro --block-device-mappings ${disk}`
    const id = await value(run, 'Instances[0].InstanceId')
    await aws(`wait instance-running --instance-ids ${id}`)
    const [root, data] = (await aws(
      `describe-instances --instance-ids ${id} --query Reservations[0].Instances[0].BlockDeviceMappings[].Ebs.VolumeId`,
    )) as string[]
    await aws(`create-tags --resources ${data} --tags Key=tier,Value=data`)
    const asked = 'create-snapshots --copy-tags-from-source volume --description nightly --instance-specification'
    const taken = (await aws(`${asked} InstanceId=${id}`)) as { Snapshots: { VolumeId: string; State: string }[] }
    expect(taken.Snapshots.map(each => each.VolumeId).sort()).toEqual([root, data].sort())
    const without = (await aws(`${asked} InstanceId=${id},ExcludeBootVolume=true`)) as {
      Snapshots: { SnapshotId: string; Tags: unknown }[]
    }
    expect(without.Snapshots).toMatchObject([
      { VolumeId: data, Description: 'nightly', Tags: [{ Key: 'tier', Value: 'data' }] },
    ])
    await aws(`wait snapshot-completed --snapshot-ids ${without.Snapshots[0]!.SnapshotId}`)
    expect(await refused(`${asked} InstanceId=${id},ExcludeDataVolumeIds=${root}`)).toBe('InvalidParameterValue')
    await aws(`terminate-instances --instance-ids ${id}`)
  })
})
