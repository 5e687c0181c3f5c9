/**
 * Programs nobody here wrote, run as their users run them: against a server in a process of its own. Where one is not
 * installed its stories are skipped, with the package to install; in CI that fails, because CI installs them all.
 */
import { execFile, execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, it, type TestContext } from 'vitest'
import { type Server, serve } from '../cli/stemma.ts'

export const region = 'us-east-1'
export const key = { accessKeyId: 'STEMMACLIENTSTORIES1', secretAccessKey: 'a-secret/of+the-client-stories' }
/** The image that every story can launch. */
export const image = 'ami-0123456789abcdef0'

const fixtures = {
  regions: [
    { name: region, zones: ['us-east-1a', 'us-east-1b'] },
    { name: 'eu-west-1', zones: ['eu-west-1a'] },
  ],
  accounts: [{ name: '123456789012', keys: [key] }],
  images: [{ id: image, name: 'base', sizeGiB: 4 }],
}

/** A client as Debian installs it: what to run to see that it is there, and the package it comes in. */
export interface Client {
  readonly probe: readonly [file: string, ...words: string[]]
  readonly package: string
}

const isThere = ({ probe: [file, ...words] }: Client): boolean => {
  try {
    execFileSync(file, words, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** A story of a client: skipped with what to install where the client is missing, and failed for that in CI. */
export function story(client: Client, title: string, tell: () => Promise<void>, withinMs?: number): void {
  const told = async (context: TestContext) => {
    if (!isThere(client)) {
      const why = `install the Debian package ${client.package} to run this`
      if (process.env.CI) throw new Error(why)
      context.skip(why)
    }
    await tell()
  }
  it(title, told, withinMs)
}

/** A server for the stories of one file; its address once it runs. */
export function served(...words: string[]): { readonly url: string } {
  let folder: string
  let server: Server
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'stemma-clients-'))
    const file = join(folder, 'fixtures.json')
    await writeFile(file, JSON.stringify(fixtures))
    server = await serve(folder, ['--ephemeral', '--fixtures', file, ...words])
  })
  afterAll(async () => {
    await server.stop()
    await rm(folder, { recursive: true })
  })
  return {
    get url() {
      return server.url
    },
  }
}

/** The environment in which a client finds its credentials, and nothing else of this machine's. */
export const environment = (secretAccessKey = key.secretAccessKey): NodeJS.ProcessEnv => ({
  PATH: '/usr/local/bin:/usr/bin:/bin',
  HOME: tmpdir(),
  LANG: 'C.UTF-8',
  AWS_ACCESS_KEY_ID: key.accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
  AWS_DEFAULT_REGION: region,
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_PAGER: '',
})

/** Runs a script of `test/clients`, and parses the one JSON object it prints. */
export async function told(interpreter: string, script: string, url: string): Promise<Record<string, unknown>> {
  const args = [join(import.meta.dirname, script), url, image]
  const { stdout } = await promisify(execFile)(interpreter, args, { env: environment(), maxBuffer: 1 << 24 })
  return JSON.parse(stdout)
}

/** What every story ends with, whatever the client. */
export const happyEnd = {
  rootSnapshot: true,
  rootSizeGiB: 6,
  statesSeen: ['running', 'stopped', 'running', 'terminated'],
  imageSnapshots: 2,
  rootAfterTerminate: 'gone',
  dataAfterTerminate: 'available',
  refusals: {
    stopTerminated: 'IncorrectInstanceState',
    deleteInUse: 'VolumeInUse',
    terminateProtected: 'OperationNotPermitted',
  },
  wrongSignature: true,
}
