/** Restarting a guest once: it stands still until it is written down that it was reset, and runs only then. */
import type { Outcome } from '../driver.ts'
import { done, rejected } from '../outcomes.ts'
import type { Host } from './host.ts'
import { launchOf } from './instance-calls.ts'
import { instanceFacts, isOfLaunch, statusOf } from './instance-facts.ts'

export async function instanceReset(
  host: Host,
  id: string,
  spec: { generation: number },
  token: string,
): Promise<Outcome> {
  const { records, machines } = host
  const record = launchOf(host, id, spec.generation)
  const seen = await machines.look(id)
  const mine = record.underway?.verb === 'reset' && record.underway.token === token ? record.underway : undefined
  if (mine === undefined && record.resetToken === token) return done(instanceFacts(record, seen), true)
  const status = statusOf(record, seen)
  if (mine ? !isOfLaunch(record, seen) : status !== 'running') {
    if (mine) await records.keep({ ...record, underway: undefined })
    return rejected('precondition', `instance ${id} is ${status}; only a running one is reset`)
  }
  let held = record
  if (mine?.step !== 'held') {
    const underway = { token, verb: 'reset', shown: 'running' } as const
    const begun = await records.keep({ ...record, underway: { ...underway, step: 'begun' } })
    await machines.talk(id, async qmp => {
      await qmp.execute('stop')
      await qmp.execute('system_reset')
    })
    held = await records.keep({ ...begun, underway: { ...underway, step: 'held' } })
  }
  await machines.talk(id, qmp => qmp.execute('cont'))
  const reset = await records.keep({ ...held, underway: undefined, resetToken: token })
  return done(instanceFacts(reset, await machines.look(id)))
}
