/** What a cloud holds when it begins: regions, accounts, instance types and images, from a JSON file or by default. */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { ACCOUNT_DEFAULT } from './access.ts'
import { usage } from './failure.ts'
import type { Provider } from './providers.ts'
import { regionsDefault } from './regions.ts'

const GiB = 2 ** 30
const text = z.string().min(1).max(255)
const device = z.string().regex(/^(\/dev\/)?(s|xv|v|h)d[a-z]{1,2}[0-9]{0,2}$/)
/** Names of places stand in signatures and in keys of claims. */
const place = z.string().regex(/^[A-Za-z0-9][\w.-]{0,63}$/)
const tags = z.record(z.string().min(1).max(128), z.string().max(256))

const image = z.strictObject({
  /** Chosen by whoever writes the file; without it, one is made. */
  id: z
    .string()
    .regex(/^(ami|img)-([0-9a-f]{8}|[0-9a-f]{17})$/)
    .optional()
    .describe('Id of the image, "ami-" and 8 or 17 hexadecimal digits; made if it is not given.'),
  name: z.string().min(3).max(128),
  description: text.optional(),
  account: text.optional().describe('Owner; default: the first account of the file.'),
  region: text.default('*').describe('Name of a region, or "*": the image is in every one.'),
  public: z.boolean().default(true),
  architecture: text.default('x86_64'),
  virtualization: z.enum(['hvm', 'paravirtual']).default('hvm'),
  platform: text.optional(),
  rootDevice: device.default('/dev/sda1'),
  sizeGiB: z.int().positive().default(8).describe('Size of the root disk.'),
  blockDevices: z
    .array(
      z.strictObject({
        device,
        sizeGiB: z.int().positive().optional(),
        volumeType: text.optional(),
        deleteOnTermination: z.boolean().optional(),
        ephemeral: z
          .string()
          .regex(/^ephemeral([0-9]|1[0-9]|2[0-3])$/)
          .optional(),
      }),
    )
    .default([]),
  tags: tags.default({}),
})

/** The shape of a file of fixtures; published as `docs/reference/fixtures.schema.json`. */
export const fixturesSchema = z.strictObject({
  $schema: z.string().optional(),
  regions: z
    .array(z.strictObject({ name: place, zones: z.array(place).min(1) }))
    .min(1)
    .default(() => regionsDefault.map(({ name, zones }) => ({ name, zones: [...zones] })))
    .describe('The first is the default; so is the first zone of each.'),
  accounts: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[\w.@-]{1,64}$/),
        keys: z
          .array(z.strictObject({ accessKeyId: text, secretAccessKey: text }))
          .default([])
          .describe('Access keys of the EC2 door, besides those of the keys file.'),
      }),
    )
    .min(1)
    .default([{ name: ACCOUNT_DEFAULT, keys: [] }]),
  instanceTypes: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[\w.-]{1,64}$/),
        vcpus: z.int().positive(),
        memoryMiB: z.int().positive(),
      }),
    )
    .default(() => [...typesDefault]),
  images: z.array(image).default([]),
})

export type Fixtures = z.output<typeof fixturesSchema>
export type FixtureImage = Fixtures['images'][number]

const size = (name: string, vcpus: number, memoryMiB: number) => ({ name, vcpus, memoryMiB })
const typesDefault = [
  size('small', 1, 2_048),
  size('medium', 2, 4_096),
  size('large', 4, 16_384),
  size('m1.small', 1, 1_740),
  size('t2.micro', 1, 1_024),
  size('t3.micro', 2, 1_024),
  size('t3.small', 2, 2_048),
  size('m5.large', 2, 8_192),
  size('m5.xlarge', 4, 16_384),
]

/** An account, sizes to choose from, and one public image. */
export const fixturesDefault: Fixtures = fixturesSchema.parse({ images: [{ name: 'base', sizeGiB: 8 }] })

/** The same for a provider: of real machines there is one place, and images are those that somebody brings. */
export const fixturesFor = ({ driver }: Provider): Fixtures =>
  driver === 'simulated'
    ? fixturesDefault
    : fixturesSchema.parse({ regions: [{ name: 'us-east-1', zones: ['us-east-1a'] }] })

export const bytesOf = (sizeGiB: number): number => sizeGiB * GiB

/** Reads a file of fixtures. Throws Failure, which names the file and the place in it, never a secret. */
export async function readFixtures(path: string): Promise<Fixtures> {
  const given = await readFile(path, 'utf8').catch(error => {
    throw usage(`The fixtures ${path} cannot be read: ${error.code}.`, '--fixtures')
  })
  const parsed = fixturesSchema.safeParse(jsonOf(given, path))
  if (!parsed.success) {
    // A union or a pattern may quote what was given, and that may be a secret: place and rule are enough.
    const places = parsed.error.issues.slice(0, 5).map(({ path: at, code }) => `[${at.map(String).join('.')}] ${code}`)
    throw usage(`The fixtures ${path} cannot be used: ${places.join('; ')}.`, '--fixtures')
  }
  const fixtures = parsed.data
  const accounts = new Set(fixtures.accounts.map(({ name }) => name))
  const regions = new Set(['*', ...fixtures.regions.map(({ name }) => name)])
  const twice =
    repeated(fixtures.regions.map(({ name }) => name)) ?? repeated(fixtures.regions.flatMap(({ zones }) => zones))
  if (twice !== undefined)
    throw usage(`The fixtures ${path}: two regions or two zones are called ${twice}.`, '--fixtures')
  for (const { name, account, region } of fixtures.images) {
    if (account !== undefined && !accounts.has(account))
      throw usage(
        `The fixtures ${path}: the image ${name} is of the account ${account}, which is not in it.`,
        '--fixtures',
      )
    if (!regions.has(region))
      throw usage(
        `The fixtures ${path}: the image ${name} is in the region ${region}, which is not in it.`,
        '--fixtures',
      )
  }
  return fixtures
}

const repeated = (names: readonly string[]): string | undefined =>
  names.find((name, index) => names.indexOf(name) < index)

function jsonOf(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw usage(`The fixtures ${path} are not JSON.`, '--fixtures')
  }
}
