/**
 * Which provider a data file has. It is kept beside the file, because the resources in the file are that provider's: with
 * another one none of them would be found. A file without the note has simulated ones.
 */
import { existsSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { z } from 'zod'
import { Failure, usage } from './failure.ts'

export const accelerators = ['auto', 'tcg', 'kvm'] as const
export type Accelerator = (typeof accelerators)[number]

const simulated = z.strictObject({ driver: z.literal('simulated') })
const machines = z.strictObject({
  driver: z.literal('qemu'),
  /** Absolute. */
  pool: z.string(),
  accelerator: z.enum(accelerators),
})
const providerSchema = z.discriminatedUnion('driver', [simulated, machines])
export type Provider = z.output<typeof providerSchema>
export type Machines = z.output<typeof machines>
export const providerNames = ['simulated', 'qemu'] as const

/** What a command line says of it. */
export interface ProviderAsked {
  readonly driver?: Provider['driver']
  readonly pool?: string
  readonly accelerator?: Accelerator
}

const notePath = (data: string): string => `${data}.provider.json`
export const poolDefault = (data: string): string => `${data}.pool`
export const worldPath = (data: string): string => `${data}.world`

/** What this file has, undefined if it has none yet. Throws Failure for a note that can not be understood. */
function noted(data: string | undefined): Provider | undefined {
  if (data === undefined) return undefined
  const path = notePath(data)
  if (!existsSync(path)) return existsSync(worldPath(data)) ? { driver: 'simulated' } : undefined
  try {
    return providerSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (cause) {
    throw new Failure(
      { code: 'providerUnknown', message: `${path} does not say which provider ${data} has.` },
      { cause },
    )
  }
}

/** The provider of a data file, by what it has and what is asked for. Throws Failure (usage) where they differ. */
export function providerOf(data: string | undefined, asked: ProviderAsked = {}): Provider {
  const has = noted(data)
  const driver = asked.driver ?? has?.driver ?? 'simulated'
  if (has && has.driver !== driver) {
    throw usage(`${data} has resources of the driver '${has.driver}'; name another file with --data.`, '--driver')
  }
  if (driver === 'simulated') {
    const wrong = (['pool', 'accelerator'] as const).find(name => asked[name] !== undefined)
    if (wrong) throw usage(`--${wrong} is of real machines: say --driver qemu, too.`, `--${wrong}`)
    return { driver }
  }
  if (data === undefined) throw usage('Real machines need a data file: they outlive the server.', '--ephemeral')
  const before = has?.driver === 'qemu' ? has : undefined
  const pool = asked.pool === undefined ? (before?.pool ?? poolDefault(resolve(data))) : resolve(asked.pool)
  if (before && before.pool !== pool) {
    throw usage(`The machines of ${data} are in the pool ${before.pool}; they do not move.`, '--pool')
  }
  return { driver, pool, accelerator: asked.accelerator ?? before?.accelerator ?? 'tcg' }
}

/** Notes it beside the file, which is held by us. */
export async function keepProvider(data: string, provider: Provider): Promise<void> {
  if (provider.driver === 'simulated') return
  await writeFile(notePath(data), `${JSON.stringify(provider, undefined, 2)}\n`, { mode: 0o600 })
}
