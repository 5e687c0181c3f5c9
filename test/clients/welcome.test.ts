/** What `npm start` prints for the AWS command line works when it is pasted, into a shell that knows no credentials. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Server, serve } from '../cli/stemma.ts'
import { type Client, story } from './client.ts'

const client: Client = { probe: ['/usr/bin/aws', '--version'], package: 'awscli' }

describe('the lines for the AWS command line', () => {
  let folder: string
  let server: Server
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'stemma-welcome-'))
    server = await serve(folder)
  })
  afterAll(async () => {
    await server.stop()
    await rm(folder, { recursive: true })
  })

  const pasted = async (line: string): Promise<string> => {
    const env = { PATH: '/usr/bin:/bin', HOME: folder, LANG: 'C.UTF-8', AWS_PAGER: '' }
    return (await promisify(execFile)('bash', ['-c', line], { cwd: folder, env })).stdout
  }

  it('are three', () => {
    expect(server.aws.map(line => /ec2 (\S+)/.exec(line)?.[1])).toEqual([
      'run-instances',
      'describe-instances',
      'describe-volumes',
    ])
  })

  story(client, 'launch an instance, and list it and its volume', async () => {
    const [run, instances, volumes] = server.aws as [string, string, string]
    const launched = JSON.parse(await pasted(run))
    const { InstanceId: id, State: state } = launched.Instances[0]
    expect([launched.Instances.length, state.Name]).toEqual([1, 'pending'])
    expect(await pasted(instances)).toMatch(new RegExp(`^${id}\\t(pending|running)\\n$`))
    expect(await pasted(volumes)).toMatch(/^vol-[0-9a-f]{17}\t(creating|available|in-use)\t8\n$/)
  })
})
