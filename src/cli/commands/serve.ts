/** `stemma serve`: the native door on loopback, and three lines to try it with. */
import { resolve } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type AccessToken, createNativeDoor, readTokens } from '../../doors/native/index.ts'
import { newTokens, tokensOf, tokensPath } from '../access.ts'
import { type Cloud, openCloud } from '../compose.ts'
import { styled, table } from '../tables.ts'
import { DATA_DEFAULT } from '../targets/open.ts'
import { curlLines } from '../welcome.ts'

interface Options {
  readonly data: string
  readonly host: string
  readonly port: number
  readonly tokens?: string
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
    .description('Serves the cloud of a data file over HTTP.')
    .option('--data <file>', 'the data file, made if it is not there', DATA_DEFAULT)
    .option('--port <port>', 'port to listen on, 0 for any', portOf, 7_420)
    .option('--host <address>', 'address to listen on; others than loopback are not encrypted', '127.0.0.1')
    .option('--tokens <file>', 'access tokens; default: <data>.tokens.json, made if it is not there')
    .addOption(new Option('--driver <name>', 'the provider').choices(['simulated']).default('simulated'))
    .option('--ephemeral', 'keep everything in memory')
    .option('--instant', 'the provider answers at once')
    .action(serve)
}

async function serve({ host, port, tokens: given, ephemeral, instant, ...options }: Options): Promise<void> {
  const data = ephemeral ? undefined : resolve(options.data)
  const tokens = await (given ? readTokens(given) : data === undefined ? newTokens() : tokensOf(data))
  const cloud = await openCloud({ data, instant })
  cloud.on('fault', sayFault)
  const door = createNativeDoor({ engine: cloud, tokens, onFault: sayFault })
  try {
    await door.listen({ host, port })
  } catch (error) {
    await cloud.close()
    throw error
  }
  const url = urlOf(host, (door.server.address() as { port: number }).port)
  cloud.store.announce(url)
  const pruning = setInterval(() => void cloud.prune().catch(error => sayFault(error, 'pruning')), PRUNE_EVERY_MS)
  await welcome(cloud, { url, data, tokens, source: given ?? (data && tokensPath(data)) })
  await new Promise<void>(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
  clearInterval(pruning)
  await door.close()
  await cloud.close()
  process.stdout.write('Closed; nothing is lost.\n')
}

/** Whoever listens everywhere is reached here. */
function urlOf(host: string, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host
  return `http://${name}:${port}`
}

interface Opened {
  readonly url: string
  readonly data: string | undefined
  readonly tokens: readonly AccessToken[]
  /** Where the tokens are kept. */
  readonly source: string | undefined
}

async function welcome(cloud: Cloud, { url, data, tokens, source }: Opened): Promise<void> {
  const rows = tokens.map(({ account, authority = 'owner', token }) => [account, authority, token])
  const lines = [
    `${styled('bold', 'stemma')} serves ${data ?? 'memory'} at ${styled('cyan', url)}`,
    '',
    table(['account', 'authority', 'token'], rows),
    ...(source === undefined ? [] : [styled('dim', `from ${source}`)]),
    '',
    'Launch, list, and read a history:',
    ...(await curlLines(cloud, url, tokens[0]!)),
    '',
    `Ready: ${url}/openapi.json names everything; Ctrl-C ends it.`,
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

const sayFault = (error: unknown, where: string) =>
  void process.stderr.write(`fault in ${where}: ${error instanceof Error ? (error.stack ?? error.message) : error}\n`)
