/** Bug class: what a snapshot is taken of, or a copy made of, goes before the provider has answered. (spec: ec2 3.3, 4.) */
import { Violation } from '../violation.ts'
import type { CheckerMaker } from './checker.ts'

const NAME = 'the source stays'

interface Member {
  readonly snapshot: string
  readonly volume: string
}

export const sourceStays: CheckerMaker = () => {
  /** Snapshot being taken -> volume or snapshot it is taken of. */
  const sources = new Map<string, string>()
  /** Volume that is taken back -> snapshot. */
  const readers = new Map<string, string>()
  return {
    name: NAME,
    event({ resource, wants = [], type }) {
      if (type === 'snapshot.completed' || type === 'snapshot.createFailed') sources.delete(resource)
      if (type === 'snapshot.groupTaken' || type === 'snapshot.groupFailed') sources.delete(resource)
      if (type === 'volume.reverted' || type === 'volume.revertFailed') readers.delete(resource)
      for (const want of wants) {
        if (want.want === 'ask' && want.verb === 'volumeRevert')
          readers.set(resource, (want.args as { snapshot: string }).snapshot)
        if (want.want === 'ask' && want.verb === 'volumeSnapshotGroupEnsure')
          for (const { snapshot, volume } of (want.args as unknown as { members: Member[] }).members)
            sources.set(snapshot, volume)
        if (want.want !== 'ask' || want.verb !== 'volumeSnapshotEnsure') continue
        const { volume, from } = want.args as { volume?: string; from?: { snapshot: string } }
        sources.set(resource, (volume ?? from?.snapshot)!)
      }
    },
    called({ verb, id, token }) {
      // Its end takes the place of what it was taken back to.
      if (verb === 'volumeDelete') readers.delete(id)
      if (verb !== 'volumeDelete' && verb !== 'volumeSnapshotDelete') return
      const [snapshot] = [...sources].find(([, source]) => source === id) ?? []
      const [volume] = [...readers].find(([, source]) => source === id) ?? []
      if (volume && volume !== id)
        throw new Violation(NAME, `${token} deletes ${id} while ${volume} is taken back to it`)
      if (snapshot) throw new Violation(NAME, `${token} deletes ${id} while ${snapshot} is being taken of it`)
    },
  }
}
