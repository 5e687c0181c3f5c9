/** What callers may ask of a volume. */
import { z } from 'zod'
import { callerAccount, command, decline, provider, resource } from './grammar.ts'

export const volumeCommands = {
  create: command({
    event: 'createRequested',
    summary: 'Creates a blank volume.',
    who: 'owner',
    creates: true,
    input: {
      sizeBytes: z.int().positive(),
      /** Where it lives: only instances of the same zone can use it. Default: the provider's first. */
      zone: z.string().optional(),
      provider: z.string().optional(),
      volumeType: z.string().optional(),
      name: z.string().max(255).optional(),
    },
    needs: { provider: provider('provider'), account: callerAccount() },
    complete: ({ input, facts: { provider } }) => {
      const { zones, volume } = provider.capabilities
      const { sizeBytes, zone = zones[0], volumeType, name } = input
      if (!zones.includes(zone)) return decline('zoneOffered', { zone, zones })
      if (sizeBytes < volume.minBytes || sizeBytes > volume.maxBytes || sizeBytes % volume.stepBytes !== 0)
        return decline('sizeOffered', { sizeBytes, ...volume })
      return { sizeBytes, zone, provider: provider.name, grow: volume.grow, volumeType, name }
    },
  }),
  attach: command({
    event: 'attachRequested',
    summary: 'Attaches an available volume to a running or stopped instance under a device name.',
    who: 'owner',
    input: { instance: z.string(), device: z.string() },
    needs: { instance: resource('instance', 'instance') },
  }),
  detach: command({
    event: 'detachRequested',
    summary: 'Takes the volume off its instance; a root volume only while the instance is stopped.',
    who: 'owner',
    input: {
      /** If given, refuse unless it is attached there, and so. */
      instance: z.string().optional(),
      device: z.string().optional(),
      /** Do not wait for the guest to let go. */
      force: z.boolean().optional(),
    },
    needs: { instance: resource('instance', 'instance', { optional: true }) },
  }),
  modify: command({
    event: 'modifyRequested',
    summary: 'Makes the volume larger. The new size counts from now on.',
    who: 'owner',
    input: { sizeBytes: z.int().positive() },
  }),
  delete: command({
    event: 'deleteRequested',
    summary: 'Deletes a volume that no instance has a claim on.',
    who: 'owner',
  }),
}
