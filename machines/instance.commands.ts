/** What callers may ask of an instance. */
import { z } from 'zod'
import { callerAccount, command, decline, named, provider, resource, secret } from './grammar.ts'
import { mergeBlockDevices } from './instance.block-devices.ts'

const device = z.strictObject({
  device: z.string(),
  sizeBytes: z.int().positive().optional(),
  snapshot: z.string().optional(),
  volumeType: z.string().optional(),
  /** Default: what the image says, else true. */
  deleteOnTermination: z.boolean().optional(),
  /** The root is encrypted as its image is, other disks are not; anything else is refused. */
  encrypted: z.boolean().optional(),
  ephemeral: z.string().optional(),
  noDevice: z.boolean().optional(),
})
const attributes = {
  name: z.string().max(255).optional(),
  terminationProtection: z.boolean().optional(),
  stopProtection: z.boolean().optional(),
}

export const instanceCommands = {
  launch: command({
    event: 'launchRequested',
    summary: 'Launches an instance from an image: makes its volumes, then its compute.',
    who: 'owner',
    creates: true,
    input: {
      image: z.string(),
      /** Name of an offering. */
      type: z.string(),
      /** Stateful: its disks survive a stop. Auto: stateful where the provider can. */
      mode: z.enum(['stateful', 'stateless', 'auto']).default('auto'),
      /** Default: the provider's first. */
      zone: z.string().optional(),
      provider: z.string().optional(),
      /** What differs from the image's disks, by device name. */
      blockDevices: z.array(device).max(64).default([]),
      /** What a shutdown from inside the guest leads to. */
      shutdownBehaviour: z.enum(['stop', 'terminate']).default('stop'),
      userData: secret(z.string().max(16_384)).optional(),
      ...attributes,
    },
    needs: {
      image: resource('image', 'image'),
      offering: named('offering', 'type'),
      provider: provider('provider'),
      account: callerAccount(),
    },
    complete: ({ input, facts: { image, offering, provider }, newId }) => {
      const { zones, stop, start, volume } = provider.capabilities
      const { blockDevices, mode, zone = zones[0], ...asked } = input
      if (!zones.includes(zone)) return decline('zoneOffered', { zone, zones })
      const mapping = mergeBlockDevices(image, blockDevices, () => undefined)
      if ('requirement' in mapping) return decline(mapping.requirement, { why: mapping.why })
      const misfit = mapping.volumes.find(
        ({ sizeBytes }) =>
          sizeBytes < volume.minBytes || sizeBytes > volume.maxBytes || sizeBytes % volume.stepBytes !== 0,
      )
      if (misfit) return decline('sizeOffered', { sizeBytes: misfit.sizeBytes, ...volume })
      const preserves = stop === 'preserves' && start !== 'none'
      return {
        ...asked,
        mode: mode === 'auto' ? (preserves ? 'stateful' : 'stateless') : mode,
        zone,
        provider: provider.name,
        vcpus: offering.vcpus,
        memoryBytes: offering.memoryBytes,
        rootDevice: image.rootDevice,
        devices: mapping.volumes.map(each => ({ ...each, volume: newId('volume') })),
        ephemeral: mapping.ephemeral.length ? mapping.ephemeral : undefined,
      }
    },
  }),
  start: command({
    event: 'startRequested',
    summary: 'Starts a stopped instance with the same volumes.',
    who: 'owner',
  }),
  stop: command({
    event: 'stopRequested',
    summary: 'Stops a stateful instance; its volumes stay attached.',
    who: 'owner',
    /** Power off without asking the guest. */
    input: { force: z.boolean().optional() },
  }),
  reboot: command({ event: 'rebootRequested', summary: 'Restarts the guest of a running instance.', who: 'owner' }),
  terminate: command({
    event: 'terminateRequested',
    summary: 'Ends the instance for good; then its volumes are deleted or freed, as their flags say.',
    who: 'owner',
  }),
  modify: command({
    event: 'modifyRequested',
    summary: 'Changes protections, shutdown behaviour, what happens to volumes, or (stopped) the offering.',
    who: 'owner',
    input: {
      ...attributes,
      shutdownBehaviour: z.enum(['stop', 'terminate']).optional(),
      /** By device name: is its volume deleted with the instance? */
      deleteOnTermination: z.record(z.string(), z.boolean()).optional(),
      type: z.string().optional(),
    },
    needs: { offering: named('offering', 'type', { optional: true }) },
    complete: ({ input, facts: { offering } }) => ({
      ...input,
      vcpus: offering?.vcpus,
      memoryBytes: offering?.memoryBytes,
    }),
  }),
}
