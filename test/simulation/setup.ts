/** What is there before anything happens: sizes to choose from, tenants, and images to launch. */
import type { CommandInput } from '../../src/runtime/request.ts'
import { GIB, type Shape } from './shape.ts'
import type { Submission } from './submission.ts'
import { Violation } from './violation.ts'
import type { World } from './world.ts'

export const tenants = ['ant', 'bee', 'cow'] as const
export const OPERATOR = 'operator'
/** The image that all may use; its instances may offer less than others. */
export const PUBLIC_IMAGE = 'img-00000000000c0ffee'
export const pools = ['ample', 'wide'] as const

export interface Scenery {
  /** Image ids: one public, and one private for each tenant. */
  readonly publicImage: string
  readonly images: Readonly<Record<string, string>>
  /** For each tenant, images built for one mode only. */
  readonly builtFor: Readonly<Record<string, readonly string[]>>
}

/** Runs what is ready, in order and without time passing, until the answer is there. */
export async function answered(world: World, submission: Submission): Promise<Submission> {
  await world.drain()
  while (submission.outcome === 'open') {
    const [next] = world.time.ready()
    if (!next) throw new Violation('I8 alive', `${submission.actor} is never answered`)
    world.run(next)
    await world.drain()
  }
  return submission
}

const image = (input: object): CommandInput => ({
  kind: 'image',
  command: 'register',
  input: { rootDevice: '/dev/sda1', sizeBytes: GIB, ...input },
})

/** Of the accounts that were opened; the third has none. */
export const limitsOf = ({ limited }: Shape) =>
  limited
    ? [
        { account: 'ant', limits: { instances: 2, volumes: 5 } },
        { account: 'bee', limits: { instances: 3, volumes: 4 } },
      ]
    : []

export async function furnish(world: World): Promise<Scenery> {
  await world.start()
  const asOperator = async (commands: CommandInput[]) => {
    const done = await answered(world, world.submit({ account: OPERATOR, authority: 'operator', commands }))
    return done.results!.map(({ id }) => id)
  }
  const open = tenants.slice(0, 2).map(name => ({ kind: 'account', command: 'open', input: { name, domain: 'root' } }))
  await asOperator([{ kind: 'domain', command: 'create', input: { name: 'root' } }])
  const size = { vcpus: 1, memoryBytes: GIB }
  const [publicImage] = (await asOperator([
    image({ id: PUBLIC_IMAGE, name: 'shared', public: true, blockDevices: [{ device: '/dev/sdb', sizeBytes: GIB }] }),
    { kind: 'offering', command: 'define', input: { name: 'small', ...size } },
    { kind: 'offering', command: 'define', input: { name: 'large', ...size, vcpus: 4 } },
    ...open,
    // Large enough for whatever happens: what is placed must be freed, and nobody is refused.
    ...(world.options.shape.pooled
      ? pools.map(name => ({ kind: 'pool', command: 'define', input: { name, totalBytes: 2 ** 50 } }))
      : []),
    ...limitsOf(world.options.shape).map(({ account, limits }) => ({
      kind: 'account',
      command: 'limit',
      id: `account/${account}`,
      input: { limits },
    })),
  ])) as [string]
  const images: Record<string, string> = {}
  const builtFor: Record<string, string[]> = {}
  for (const account of tenants) {
    const built = ['stateful', 'stateless'].map(mode => image({ name: `${account} ${mode}`, targets: [mode] }))
    const made = await answered(world, world.submit({ account, commands: [image({ name: account }), ...built] }))
    const [both, ...others] = made.results!.map(({ id }) => id) as [string, ...string[]]
    images[account] = both
    builtFor[account] = others
  }
  return { publicImage, images, builtFor }
}
