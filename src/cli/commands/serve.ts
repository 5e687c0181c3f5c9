/** `stemma serve`: every door to a cloud on loopback, and lines to try them with. */
import { resolve } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type AccessKey, readKeys } from '../../doors/ec2/index.ts'
import { type AccessToken, readTokens } from '../../doors/native/index.ts'
import { keysOf, keysPath, newKeys, newTokens, tokensOf, tokensPath } from '../access.ts'
import { usage } from '../failure.ts'
import { type Fixtures, fixturesFor, readFixtures } from '../fixtures.ts'
import { type Accelerator, accelerators, type Provider, providerNames, providerOf } from '../providers.ts'
import { Front } from '../serve/front.ts'
import { type House, openHouse } from '../serve/house.ts'
import { machineLines, usableOnly } from '../serve/machines.ts'
import { styled, table } from '../tables.ts'
import { DATA_DEFAULT } from '../targets/open.ts'
import { awsLines, curlLines, lifeLines } from '../welcome.ts'

interface Options {
  readonly data: string
  readonly host: string
  readonly port: number
  readonly tokens?: string
  readonly keys?: string
  readonly fixtures?: string
  readonly driver?: Provider['driver']
  readonly images?: string
  readonly pool?: string
  readonly accelerator?: Accelerator
  readonly ephemeral?: boolean
  readonly instant?: boolean
}

const PRUNE_EVERY_MS = 300_000

function portOf(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port
  throw new InvalidArgumentError('It is a number from 0 (any free one) to 65535.')
}

export function serveCommand(program: Command): void {
  program
    .command('serve')
    .description('Serves the cloud of a data file over HTTP: the native door, and EC2 clients.')
    .option('--data <file>', 'the data file, made if it is not there', DATA_DEFAULT)
    .option('--port <port>', 'port to listen on, 0 for any', portOf, 7_420)
    .option('--host <address>', 'address to listen on; others than loopback are not encrypted', '127.0.0.1')
    .option('--tokens <file>', 'access tokens; default: <data>.tokens.json, made if it is not there')
    .option('--keys <file>', 'access keys of EC2 clients; default: <data>.keys.json, made if it is not there')
    .option('--fixtures <file>', 'JSON of regions, accounts, instance types and images an empty cloud begins with')
    .addOption(
      new Option('--driver <name>', 'the provider; default: that of the data file, else simulated').choices([
        ...providerNames,
      ]),
    )
    .option('--images <folder>', 'qemu: every disk image in it becomes a public image')
    .option('--pool <folder>', 'qemu: where disks and machines are kept; default: <data>.pool')
    .addOption(
      new Option('--accelerator <name>', 'qemu: auto takes KVM once it has booted a kernel; default: tcg').choices([
        ...accelerators,
      ]),
    )
    .option('--ephemeral', 'simulated: keep everything in memory; POST /-/reset begins anew')
    .option('--instant', 'simulated: the provider answers at once, and requests wait for what those before them do')
    .action(serve)
}

async function serve(options: Options): Promise<void> {
  const { host, port, ephemeral = false, instant = false } = options
  const data = ephemeral ? undefined : resolve(options.data)
  const provider = providerOf(data, options)
  const fixtures = options.fixtures === undefined ? fixturesFor(provider) : await readFixtures(options.fixtures)
  checkTogether(options, provider, fixtures)
  if (provider.driver === 'qemu') await usableOnly(provider)
  const access = await accessOf(options, data, fixtures)
  const open = () => openHouse({ data, provider, instant, fixtures, ...access, onFault: sayFault })
  const house = await open()
  const front = new Front({ open, instant, ephemeral, onFault: sayFault }, house)
  let url: string
  let machines: string[] = []
  try {
    const { images } = options
    if (provider.driver === 'qemu')
      machines = await machineLines(house.cloud, provider, { images, account: fixtures.accounts[0]!.name })
    url = urlOf(host, await front.listen(port, host))
  } catch (error) {
    await front.close()
    throw error
  }
  // Whoever reads that it is ready may end it in the same moment.
  const ended = toldToEnd()
  house.cloud.store.announce(url)
  const pruning = setInterval(() => void front.prune().catch(error => sayFault(error, 'pruning')), PRUNE_EVERY_MS)
  await welcome(house, { url, data, region: fixtures.regions[0]!.name, machines, ...access })
  await ended
  clearInterval(pruning)
  await front.close()
  process.stdout.write('Closed; nothing is lost.\n')
}

/** Hears from now on when it is told to end. */
const toldToEnd = () =>
  new Promise<void>(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })

/** Throws Failure (usage) for options that mean nothing together. */
function checkTogether({ images, instant }: Options, { driver }: Provider, fixtures: Fixtures): void {
  if (driver === 'simulated') {
    if (images === undefined) return
    throw usage('--images brings disks for real machines: say --driver qemu, too.', '--images')
  }
  if (instant) throw usage('Real machines take their time; --instant is for the simulated driver.', '--instant')
  if (fixtures.images.length > 0)
    throw usage('The fixtures name images without disks; with real machines images come from --images.', '--fixtures')
}

interface Access {
  readonly tokens: readonly AccessToken[]
  readonly keys: readonly AccessKey[]
  /** Files they come from. */
  readonly sources: readonly string[]
}

async function accessOf(options: Options, data: string | undefined, { accounts }: Fixtures): Promise<Access> {
  const account = accounts[0]!.name
  const tokens = await (options.tokens
    ? readTokens(options.tokens)
    : data === undefined
      ? newTokens(account)
      : tokensOf(data, account))
  const given = accounts.flatMap(({ name, keys }) => keys.map(key => ({ ...key, account: name })))
  const keys = options.keys
    ? await readKeys(options.keys)
    : given.length > 0
      ? []
      : await (data === undefined ? newKeys(account) : keysOf(data, account))
  const beside = data === undefined ? [] : [tokensPath(data), ...(given.length > 0 ? [] : [keysPath(data)])]
  return {
    tokens,
    keys: [...keys, ...given],
    sources: [options.tokens, options.keys, ...beside].filter(each => each !== undefined),
  }
}

/** Whoever listens everywhere is reached here. */
function urlOf(host: string, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host
  return `http://${name}:${port}`
}

interface Opened extends Access {
  readonly url: string
  readonly data: string | undefined
  readonly region: string
  /** Of real machines: what there is to say about them. */
  readonly machines: readonly string[]
}

async function welcome({ cloud }: House, opened: Opened): Promise<void> {
  const { url, data, region, machines, tokens, keys, sources } = opened
  const lines = [
    `${styled('bold', 'stemma')} serves ${data ?? 'memory'} at ${styled('cyan', url)}`,
    '',
    table(
      ['account', 'authority', 'token'],
      tokens.map(({ account, authority = 'owner', token }) => [account, authority, token]),
    ),
    table(
      ['account', 'access key', 'secret'],
      keys.map(({ account, accessKeyId, secretAccessKey }) => [account, accessKeyId, secretAccessKey]),
    ),
    ...(sources.length === 0 ? [] : [styled('dim', `from ${sources.join(', ')}`)]),
    '',
    ...machines,
    'Launch, list, and read a history:',
    ...(await curlLines(cloud, { url, region, access: tokens[0]! })),
    '',
    'The same with the AWS command line:',
    ...(await awsLines(cloud, { url, region, key: keys[0]! })),
    ...(machines.length === 0 ? [] : await lifeLines(cloud, { url, region, key: keys[0]! })),
    '',
    `Ready: ${url}/openapi.json names everything; Ctrl-C ends it.`,
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

const sayFault = (error: unknown, where: string) =>
  void process.stderr.write(`fault in ${where}: ${error instanceof Error ? (error.stack ?? error.message) : error}\n`)
