/**
 * The EC2 door under one client with keep-alive, over a SQLite file in a server process of its own: launch and terminate
 * pairs, and describing one instance, with few and with many instances there; and listing a thousand.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { serve } from '../cli/stemma.ts'
import { signed } from '../doors/ec2/sign.ts'
import { folder } from './setting.ts'

export interface Ec2Figures {
  readonly instances: number
  readonly pairsPerSecond: number
  readonly describePerSecond: number
  readonly describeP50Ms: number
  readonly describeP99Ms: number
  /** Of the whole listing, where there are a thousand. */
  readonly listMs?: number
}

const key = { accessKeyId: 'STEMMABENCHKEY000001', secretAccessKey: 'bench-secret' }
const image = 'ami-0123456789abcdef0'
const fixtures = {
  regions: [{ name: 'us-east-1', zones: ['us-east-1a'] }],
  accounts: [{ name: '123456789012', keys: [key] }],
  images: [{ id: image, name: 'base', sizeGiB: 4 }],
}

/** Measures at each of these numbers of running instances, in rising order. */
export async function benchEc2(sizes: readonly number[], rounds: number): Promise<Ec2Figures[]> {
  const cwd = join(folder, 'ec2')
  mkdirSync(cwd)
  writeFileSync(join(cwd, 'fixtures.json'), JSON.stringify(fixtures))
  const server = await serve(cwd, ['--fixtures', 'fixtures.json', '--instant'])
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const ask = (parameters: Record<string, string>) => call(server.url, agent, parameters)
  const run = async (count: number) => {
    const text = await ask({ Action: 'RunInstances', ImageId: image, InstanceType: 't3.micro', ...counts(count) })
    return [...text.matchAll(/<instanceId>([^<]+)</g)].map(([, id]) => id!)
  }
  const figures: Ec2Figures[] = []
  let standing: string[] = []
  try {
    for (const instances of sizes) {
      while (standing.length < instances)
        standing = standing.concat(await run(Math.min(100, instances - standing.length)))
      figures.push({ instances, ...(await measured(ask, run, standing, rounds)) })
    }
  } finally {
    agent.destroy()
    await server.stop()
  }
  return figures
}

type Ask = (parameters: Record<string, string>) => Promise<string>
const counts = (count: number) => ({ MinCount: String(count), MaxCount: String(count) })

async function measured(
  ask: Ask,
  run: (count: number) => Promise<string[]>,
  standing: readonly string[],
  rounds: number,
): Promise<Omit<Ec2Figures, 'instances'>> {
  const pairsMs = await timed(rounds, async () => {
    const [id] = await run(1)
    await ask({ Action: 'TerminateInstances', 'InstanceId.1': id! })
  })
  const [one] = standing.length > 0 ? standing : await run(1)
  const describeMs = await timed(rounds * 2, async () => {
    await ask({ Action: 'DescribeInstances', 'InstanceId.1': one! })
  })
  const filter = { 'Filter.1.Name': 'instance-state-name', 'Filter.1.Value.1': 'running' }
  const isThousand = standing.length === 1_000
  const listMs = isThousand ? await timed(9, () => ask({ Action: 'DescribeInstances', ...filter })) : undefined
  return {
    pairsPerSecond: perSecond(pairsMs),
    describePerSecond: perSecond(describeMs),
    describeP50Ms: quantile(describeMs, 0.5),
    describeP99Ms: quantile(describeMs, 0.99),
    listMs: listMs && quantile(listMs, 0.5),
  }
}

/** How long each round took, after a tenth of them to warm up. */
async function timed(rounds: number, once: (round: number) => Promise<unknown>): Promise<number[]> {
  for (let round = 0; round < rounds / 10; round += 1) await once(round)
  const took: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const begun = performance.now()
    await once(round)
    took.push(performance.now() - begun)
  }
  return took
}

const perSecond = (took: readonly number[]) => (took.length * 1_000) / took.reduce((sum, each) => sum + each, 0)
const quantile = (took: readonly number[], share: number) =>
  took.toSorted((one, other) => one - other)[Math.min(took.length - 1, Math.floor(took.length * share))]!

/** One signed request; the text of the answer. Throws if it is not a 200. */
async function call(url: string, agent: Agent, parameters: Record<string, string>): Promise<string> {
  const { headers, body } = signed({ url, region: 'us-east-1', key, parameters })
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent, headers }, answer => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', part => {
        text += part
      })
      answer.on('end', () => (answer.statusCode === 200 ? resolve(text) : reject(new Error(text))))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
