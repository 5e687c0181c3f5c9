/** Snapshots of several volumes at one moment: one call makes all of them, and a group that is not complete is none. */
import type { Facts, Outcome, SnapshotGroupSpec } from '../driver.ts'
import { done, partlyDone, rejected } from '../outcomes.ts'
import { snapshotProblem, volumeSnapshotEnsure } from './snapshot-calls.ts'
import type { World } from './world.ts'

export const volumeSnapshotGroupEnsure = (
  world: World,
  id: string,
  { members }: SnapshotGroupSpec,
  token: string,
  half: boolean,
): Outcome => {
  if (!world.abilities.volumeSnapshot.group)
    return rejected('unsupported', `group ${id}: this provider makes no groups`)
  const names = new Set(members.flatMap(({ snapshot, volume }) => [`snapshot ${snapshot}`, `volume ${volume}`]))
  if (members.length === 0 || names.size < members.length * 2)
    return rejected('invalid', `group ${id}: its members are one or more, each with a snapshot and a volume of its own`)
  for (const { snapshot, volume } of members) {
    const problem = snapshotProblem(world, snapshot, { volume, group: id }, token)
    if (problem) return problem
  }
  const outcomes = members.map(({ snapshot, volume }) =>
    volumeSnapshotEnsure(world, snapshot, { volume, group: id }, token, half),
  )
  if (half && outcomes.some(({ kind }) => kind === 'unknown')) return partlyDone(`group ${id} is half stored`)
  const facts: Record<string, Facts[string]> = {}
  for (const [at, outcome] of outcomes.entries()) {
    if (outcome.kind !== 'done') return outcome
    facts[members[at]!.snapshot] = { sizeBytes: outcome.facts.sizeBytes as number }
  }
  return done(
    { members: facts },
    outcomes.every(outcome => outcome.kind === 'done' && outcome.already),
  )
}
