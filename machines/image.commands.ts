import { z } from 'zod'
import { callerAccount, command } from './grammar.ts'
import { deviceName, imageDevice } from './image.ts'

export const imageCommands = {
  register: command({
    event: 'registerRequested',
    summary: 'Registers an image the provider already holds; it can be launched at once.',
    who: 'owner',
    creates: true,
    input: {
      name: z.string().min(1).max(128),
      /** Device name under which the root disk appears. */
      rootDevice: deviceName.default('/dev/sda1'),
      /** Size of the root disk, in bytes. */
      sizeBytes: z.int().positive(),
      /** Snapshot the root disk is made from; without it, the image itself. */
      snapshot: z.string().optional(),
      encrypted: z.boolean().optional(),
      public: z.boolean().optional(),
      blockDevices: z.array(imageDevice).max(64).default([]),
    },
    needs: { account: callerAccount() },
  }),
  deregister: command({
    event: 'deregisterRequested',
    summary: 'Ends new launches from the image; instances made from it are untouched.',
    who: 'owner',
  }),
}
