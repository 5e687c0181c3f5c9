/** What callers may ask of a group of snapshots. */
import { z } from 'zod'
import { command, completed, owningAccount, resource } from './grammar.ts'
import { tagCommands, tags } from './tags.ts'

/** As many volumes as a call of EC2 takes at most, with some room. */
const VOLUMES_MAX = 128

interface Device {
  readonly volume: string
  readonly root: boolean
}

export const snapshotGroupCommands = {
  create: command({
    event: 'createRequested',
    summary: 'Keeps what several volumes hold at one moment: a snapshot of each, all or none.',
    who: 'owner',
    creates: true,
    input: {
      /** Of these. */
      volumes: z.array(z.string()).max(VOLUMES_MAX).optional(),
      /** Of all that are attached to this instance, but for those named here. */
      instance: z.string().optional(),
      excludeRoot: z.boolean().optional(),
      excludeVolumes: z.array(z.string()).max(VOLUMES_MAX).optional(),
      /** Every snapshot gets the tags of its volume besides the given ones. */
      copyTags: z.boolean().optional(),
      description: z.string().max(255).optional(),
      tags: tags.optional(),
    },
    needs: {
      account: owningAccount(),
      instance: resource('instance', 'instance'),
      volumes: resource('volume', 'volumes.*', { many: true }),
    },
    complete: ({ input, facts, newId }) => {
      const { volumes = [], excludeRoot, excludeVolumes = [], ...rest } = input
      const devices: readonly Device[] = facts.instance?.devices ?? []
      const data = new Set(devices.flatMap(({ root, volume }) => (root ? [] : [volume])))
      const isMeant = ({ root, volume }: Device) => (root ? !excludeRoot : !excludeVolumes.includes(volume))
      const meant = new Set([...volumes, ...devices.filter(isMeant).map(({ volume }) => volume)])
      const provider: string = facts.instance?.provider ?? facts.volumes[0]?.provider ?? ''
      const members = [...meant].map(volume => ({ volume, snapshot: newId('snapshot') }))
      const strange = excludeVolumes.find(each => !data.has(each))
      return completed(
        { ...rest, provider, members },
        {
          volumesMeant: members.length === 0 ? {} : undefined,
          exclusionsKnown: strange === undefined ? undefined : { volume: strange, instance: input.instance },
        },
      )
    },
  }),
  delete: command({
    event: 'deleteRequested',
    summary: 'Deletes all snapshots of the group, if no image uses one of them.',
    who: 'owner',
  }),
  ...tagCommands,
}
