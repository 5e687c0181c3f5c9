/** Fills an empty cloud with its fixtures: domain, accounts, instance types, images. */
import type { CommandInput, Engine, KindMap, Store, ViewMap } from '../index.ts'
import { bytesOf, type FixtureImage, type Fixtures } from './fixtures.ts'

const MiB = 2 ** 20

/**
 * Carries the fixtures out in a database in which nothing has ever happened; leaves any other alone. What is in every
 * region is one transaction, and the images of each other region are one more.
 */
export async function seed(
  cloud: Pick<Engine<KindMap, ViewMap, Store>, 'health' | 'submit'>,
  { accounts, instanceTypes, images }: Fixtures,
): Promise<void> {
  if (cloud.health().position > 0) return
  const [first] = accounts as [Fixtures['accounts'][number]]
  const founding: CommandInput[] = [
    { kind: 'domain', command: 'create', input: { name: 'root' } },
    ...accounts.map(({ name }) => ({ kind: 'account', command: 'open', input: { name, domain: 'root' } })),
    ...instanceTypes.map(({ name, vcpus, memoryMiB }) => ({
      kind: 'offering',
      command: 'define',
      input: { name, vcpus, memoryBytes: memoryMiB * MiB },
    })),
  ]
  const as = (account: string, region: string) => ({ account, actor: 'stemma', authority: 'operator', region }) as const
  const places = Map.groupBy(images, ({ account = first.name, region }) => `${region} ${account}`)
  const founded = `* ${first.name}`
  await cloud.submit([...founding, ...(places.get(founded) ?? []).map(registration)], as(first.name, '*'))
  for (const [place, those] of places) {
    if (place === founded) continue
    const [region, account] = place.split(' ') as [string, string]
    await cloud.submit(those.map(registration), as(account, region))
  }
}

/** An image is of the account that registers it, in the region it acts in. */
function registration({
  id,
  account: _,
  region: __,
  sizeGiB,
  blockDevices,
  platform,
  ...image
}: FixtureImage): CommandInput {
  return {
    kind: 'image',
    command: 'register',
    input: {
      ...image,
      ...(id === undefined ? {} : { id: id.replace(/^ami-/, 'img-') }),
      ...(platform === undefined ? {} : { annotations: { 'ec2/platform': platform } }),
      sizeBytes: bytesOf(sizeGiB),
      blockDevices: blockDevices.map(({ sizeGiB: size, ...device }) => ({
        ...device,
        ...(size === undefined ? {} : { sizeBytes: bytesOf(size) }),
      })),
    },
  }
}
