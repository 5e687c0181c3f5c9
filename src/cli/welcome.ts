/** Commands that work when pasted, for what is in this cloud now: three for each door. */
import type { AccessKey } from '../doors/ec2/index.ts'
import { type AccessToken, pathOf, principalOf } from '../doors/native/index.ts'
import { kinds } from '../index.ts'
import type { Cloud } from './compose.ts'

/** Lines of shell: launch an instance (if there is an image), list instances, and the history of something there is. */
export async function curlLines(
  cloud: Cloud,
  { url, region, access }: { url: string; region: string; access: AccessToken },
): Promise<string[]> {
  // What is launched without a word on where is launched in the default region, so its image is of there.
  const session = cloud.as({ ...principalOf(access), region })
  const newest = async (kind: string, state?: string) => {
    const where = state === undefined ? {} : { state }
    return (await session.list(kind, { where, sort: ['-id'], limit: 1 })).items[0]?.id as string | undefined
  }
  const image = await newest('image', 'available')
  const offering = await newest('offering', 'active')
  const instance = await newest('instance')
  const curl = (path: string, more = '') => `  curl -sS -H 'Authorization: Bearer ${access.token}' ${url}${path}${more}`
  const input = JSON.stringify({ image, type: offering?.slice('offering/'.length) })
  const launch = image && offering ? [curl('/v1/instance/launch', ` -d '${input}'`)] : []
  const past = instance ? pathOf(kinds.instance, instance) : image && pathOf(kinds.image, image)
  return [...launch, curl('/v1/instance'), ...(past ? [curl(`${past}/history`)] : [])]
}

interface Ec2Access {
  readonly url: string
  readonly region: string
  readonly key: AccessKey
}

/** What there is to launch for EC2 clients: the newest image, and a size. */
async function launchable(cloud: Cloud, { region, key }: Ec2Access): Promise<{ image?: string; type?: string }> {
  const session = cloud.as({ account: key.account, actor: key.account, region })
  const { items } = await session.list('image', { where: { state: 'available' }, sort: ['-id'], limit: 1 })
  const image = items[0]?.id.replace(/^img-/, 'ami-')
  const { items: sizes } = await session.list('offering', { where: { state: 'active' }, sort: ['id'], limit: 1_000 })
  const type = (sizes.find(({ id }) => id.endsWith('/t3.micro')) ?? sizes[0])?.id.slice('offering/'.length)
  return { image, type }
}

/** Lines of shell for the AWS command line: launch an instance (if there is an image), describe instances and volumes. */
export async function awsLines(cloud: Cloud, access: Ec2Access): Promise<string[]> {
  const { url, region, key } = access
  const { image, type } = await launchable(cloud, access)
  const credentials = `AWS_ACCESS_KEY_ID=${key.accessKeyId} AWS_SECRET_ACCESS_KEY=${key.secretAccessKey}`
  const aws = (words: string) => `  ${credentials} aws --endpoint-url ${url} --region ${region} ec2 ${words}`
  return [
    ...(image && type ? [aws(`run-instances --image-id ${image} --instance-type ${type}`)] : []),
    aws("describe-instances --query 'Reservations[].Instances[].[InstanceId,State.Name]' --output text"),
    aws("describe-volumes --query 'Volumes[].[VolumeId,State,Size]' --output text"),
  ]
}

/** One whole life of a machine, from its launch to its end; none where there is no image. */
export async function lifeLines(cloud: Cloud, access: Ec2Access): Promise<string[]> {
  const { url, region, key } = access
  const { image, type } = await launchable(cloud, access)
  if (image === undefined || type === undefined) return []
  const root = "--query 'Reservations[0].Instances[0].BlockDeviceMappings[0].Ebs.VolumeId' --output text"
  return [
    '',
    'And a whole life, line by line:',
    `  export AWS_ACCESS_KEY_ID=${key.accessKeyId} AWS_SECRET_ACCESS_KEY=${key.secretAccessKey}`,
    `  ec2() { aws --endpoint-url ${url} --region ${region} ec2 "$@"; }`,
    `  id=$(ec2 run-instances --image-id ${image} --instance-type ${type} --query 'Instances[0].InstanceId' --output text)`,
    '  ec2 wait instance-running --instance-ids $id',
    '  ec2 get-console-output --instance-id $id --query Output --output text',
    '  ec2 stop-instances --instance-ids $id && ec2 wait instance-stopped --instance-ids $id',
    '  ec2 start-instances --instance-ids $id && ec2 wait instance-running --instance-ids $id',
    `  ec2 create-snapshot --volume-id $(ec2 describe-instances --instance-ids $id ${root})`,
    '  ec2 terminate-instances --instance-ids $id && ec2 wait instance-terminated --instance-ids $id',
  ]
}
