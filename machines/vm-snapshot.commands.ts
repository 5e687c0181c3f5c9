/** What callers may ask of a VM snapshot. */
import { z } from 'zod'
import { command, owningAccount, resource } from './grammar.ts'
import { profile } from './profiles.ts'
import { tagCommands, tags } from './tags.ts'

interface OfInstance {
  readonly provider: string
  readonly type: string
  readonly vcpus: number
  readonly memoryBytes: number
  readonly devices: readonly { readonly volume: string; readonly root: boolean }[]
}

export const vmSnapshotCommands = {
  create: command({
    event: 'createRequested',
    summary: 'Keeps all disks of an instance as they are at one moment, and its memory if asked for.',
    who: 'owner',
    creates: true,
    input: {
      instance: z.string(),
      /** Without one it has its id. One name is used once for an instance. */
      name: z.string().min(1).max(255).optional(),
      description: z.string().max(255).optional(),
      memory: z.boolean().optional(),
      quiesce: z.boolean().optional(),
      profile: profile.optional(),
      /** It is deleted when it is this old. */
      retentionMs: z.int().positive().optional(),
      tags: tags.optional(),
    },
    needs: { account: owningAccount(), instance: resource('instance', 'instance') },
    complete: ({ input: { retentionMs, ...asked }, facts, id, at }) => {
      const { provider, type, vcpus, memoryBytes, devices } = facts.instance as OfInstance
      return {
        ...asked,
        name: asked.name ?? id,
        memory: asked.memory ?? false,
        provider,
        settings: { type, vcpus, memoryBytes },
        volumes: devices.map(({ volume, root }) => ({ volume, root })),
        expiresAt: retentionMs === undefined ? undefined : at + retentionMs,
      }
    },
  }),
  revert: command({
    event: 'revertRequested',
    summary: 'Takes its instance back: disks, size, and with memory also what it was doing.',
    who: 'owner',
    input: { profile: profile.optional() },
    needs: { account: owningAccount() },
    complete: ({ input, context: { instance } }) => ({ ...input, instance }),
  }),
  delete: command({
    event: 'deleteRequested',
    summary: 'Deletes a VM snapshot, and if asked for all that were taken after it; others stay as they are.',
    who: 'owner',
    input: { subtree: z.boolean().optional() },
  }),
  ...tagCommands,
}
