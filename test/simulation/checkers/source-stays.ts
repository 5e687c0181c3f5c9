/** Bug class: what a snapshot is taken of, or a copy made of, goes before the provider has answered. (spec: ec2 3.3, 4.) */
import { Violation } from '../violation.ts'
import type { CheckerMaker } from './checker.ts'

const NAME = 'the source stays'

export const sourceStays: CheckerMaker = () => {
  /** Snapshot being taken -> volume or snapshot it is taken of. */
  const sources = new Map<string, string>()
  return {
    name: NAME,
    event({ resource, wants = [], type }) {
      if (type === 'snapshot.completed' || type === 'snapshot.createFailed') sources.delete(resource)
      for (const want of wants) {
        if (want.want !== 'ask' || want.verb !== 'volumeSnapshotEnsure') continue
        const { volume, from } = want.args as { volume?: string; from?: { snapshot: string } }
        sources.set(resource, (volume ?? from?.snapshot)!)
      }
    },
    called({ verb, id, token }) {
      if (verb !== 'volumeDelete' && verb !== 'volumeSnapshotDelete') return
      const [snapshot] = [...sources].find(([, source]) => source === id) ?? []
      if (snapshot) throw new Violation(NAME, `${token} deletes ${id} while ${snapshot} is being taken of it`)
    },
  }
}
