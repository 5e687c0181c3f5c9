/**
 * What VM snapshots of an instance let others do: the table of cloudstack 2.5, as docs/vm-snapshots.md has it. Which there
 * are, and whether something is being done with one, is read from what the instance is proposed, asks for and is answered.
 */
import type { Envelope } from '../../machines/grammar.ts'
import type { InstanceModel, Verdict, VolumeModel } from './model-shapes.ts'
import type { Data } from './model-words.ts'

const open = ({ keeping = [] }: InstanceModel) => keeping[0]
const all = ({ kept = {} }: InstanceModel) => Object.values(kept)
/** Has it any, or is something being done with one? */
export const keeps = (now: InstanceModel): boolean => all(now).length > 0 || open(now) !== undefined

/** Start, stop, restart, suspend and a change of type wait for what is being done; nothing else minds. */
const waiting = ['start', 'resume', 'suspend', 'stop', 'reboot']
export function asVmSnapshotsAllow(
  said: Verdict | undefined,
  now: InstanceModel,
  command: string,
  { force }: Data,
): Verdict | undefined {
  const task = open(now)
  if (said !== 'accepted' || task === undefined || now.restarts) return said
  if (command === 'stop' && force) return task.verb !== 'vmSnapshotRevert' && now.isKept ? said : 'refused'
  if (command === 'modify') return now.state === 'stopped' ? 'refused' : said
  return waiting.includes(command) ? 'refused' : said
}

/** No volume comes, goes, grows, moves or goes back while there is one, in whatever state. */
export function besideVmSnapshots(
  said: Verdict | undefined,
  holder: InstanceModel,
  { shape }: VolumeModel,
  command: string,
  { sizeBytes = shape.sizeBytes, profile, withVmSnapshots = profile === 'cloudstack-vmware' }: Data,
): Verdict | undefined {
  if (said !== 'accepted' && said !== 'either') return said
  const states = all(holder)
  if (['attach', 'detach', 'revert'].includes(command)) return states.length ? 'refused' : said
  const task = open(holder)
  const isBusy = task !== undefined && task.verb !== 'vmSnapshotDelete'
  if (command === 'migrate') return isBusy || (states.length > 0 && !withVmSnapshots) ? 'refused' : said
  if (command !== 'modify') return said
  const grows = sizeBytes > shape.sizeBytes
  return isBusy || (grows && states.includes('ready')) ? 'refused' : said
}

const about = ['vmSnapshotEnsure', 'vmSnapshotRevert', 'vmSnapshotDelete']
const answers = /^instance\.vmSnapshot(Kept|KeepFailed|Reverted|RevertFailed|Removed|RemoveFailed)$/

/** The VM snapshots of an instance after one of its events. */
export function keeping(now: InstanceModel, event: Envelope<Data>): Partial<InstanceModel> {
  const { type, data, wants = [], answers: token } = event
  let { kept = {}, keeping: calls = [] } = now
  if (type === 'instance.vmSnapshotProposed') kept = { ...kept, [data.snapshot]: 'begun' }
  const [, outcome] = answers.exec(type) ?? []
  const [answered] = calls
  if (outcome !== undefined && token !== undefined && answered) {
    calls = calls.slice(1)
    kept = after(kept, outcome, answered.snapshot)
  }
  for (const want of wants) {
    if (want.want !== 'ask') continue
    if (want.supersedes) {
      kept = Object.fromEntries(
        Object.entries(kept).map(([id, state]) => [id, state === 'begun' ? ('failed' as const) : state]),
      )
      calls = []
    }
    if (about.includes(want.verb))
      calls = [...calls, { verb: want.verb, snapshot: (want.args as { snapshot: string }).snapshot }]
  }
  const keeps = Object.keys(kept).length > 0 || now.keeps
  return kept === now.kept && calls === now.keeping ? {} : { keeps, kept, keeping: calls }
}
/**
 * An instance after an earlier member of the same request took a VM snapshot of it, or began to go back to one or to delete
 * one: nothing is heard of that before the request is over.
 */
export function begunOn(now: InstanceModel, command: string, snapshot: string): InstanceModel {
  const verb = { create: 'vmSnapshotEnsure', revert: 'vmSnapshotRevert', delete: 'vmSnapshotDelete' }[command]
  if (verb === undefined) return now
  const kept = command === 'create' ? { ...now.kept, [snapshot]: 'begun' as const } : now.kept
  const keeping = [...(now.keeping ?? []), { verb, snapshot }]
  // One that is off and goes back to what was in memory runs then.
  const reverts = command === 'revert' && now.state === 'stopped' ? { state: 'pending', reverts: true } : {}
  return { ...now, ...reverts, keeps: true, kept, keeping }
}
function after(kept: NonNullable<InstanceModel['kept']>, outcome: string, snapshot: string): typeof kept {
  if (outcome === 'Removed') return Object.fromEntries(Object.entries(kept).filter(([id]) => id !== snapshot))
  if (outcome === 'Kept') return { ...kept, [snapshot]: 'ready' }
  return outcome === 'KeepFailed' ? { ...kept, [snapshot]: 'failed' } : kept
}
