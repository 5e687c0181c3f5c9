/**
 * An image: what an instance starts from. Registering copies no data, so it is available at once; its root disk and
 * further devices are the defaults that a launch merges its own mapping over. A deregistered image launches nothing
 * more; instances that came from it live on and may be stopped and started. (spec: ec2 5.)
 */
import { assign, setup } from 'xstate'
import { z } from 'zod'
import { type EventNamed, type EventOf, events, needs, requested, requires, type StateTag, wants } from './grammar.ts'

/** One entry of an image's mapping: a volume (blank or from a snapshot) or an ephemeral disk, under a device name. */
export const deviceName = z.string().regex(/^(\/dev\/)?(s|xv|v|h)d[a-z]{1,2}[0-9]{0,2}$/)
export const imageDevice = z.strictObject({
  device: deviceName,
  sizeBytes: z.int().positive().optional(),
  snapshot: z.string().optional(),
  volumeType: z.string().optional(),
  deleteOnTermination: z.boolean().optional(),
  ephemeral: z.string().optional(),
})

export interface ImageContext {
  readonly name: string
  readonly rootDevice: string
  /** Size of the root disk, in bytes: the least that a launch may ask for. */
  readonly sizeBytes: number
  readonly snapshot?: string
  readonly encrypted?: boolean
  readonly public?: boolean
  readonly blockDevices: readonly z.infer<typeof imageDevice>[]
}
const unborn: ImageContext = { name: '', rootDevice: '', sizeBytes: 0, blockDevices: [] }

export const imageEvents = events('image', {
  registerRequested: requested(
    {
      name: z.string(),
      rootDevice: z.string(),
      sizeBytes: z.int().positive(),
      snapshot: z.string().optional(),
      encrypted: z.boolean().optional(),
      public: z.boolean().optional(),
      blockDevices: z.array(imageDevice),
    },
    { account: z.object({ state: z.string() }).nullable() },
  ),
  deregisterRequested: requested(),
})
export type ImageEvent = EventOf<typeof imageEvents>
type Register = EventNamed<typeof imageEvents, 'registerRequested'>
type Asked = { event: Register }

/** One name for all spellings, as in a launch: without `/dev/`, and with `sda1` and `sda` as one. */
const normalised = (device = '') => device.replace(/^\/dev\//, '').replace(/^((?:s|xv|v|h)da)1$/, '$1')

export const imageRequirements = {
  accountOpen: ({ event }: Asked) => (event.facts.account?.state ?? 'open') === 'open',
  devicesOnce: ({ event }: Asked) =>
    new Set(event.data.blockDevices?.map(each => normalised(each.device))).size ===
    (event.data.blockDevices?.length ?? 0),
  /** What is said of the root among the devices may make it larger, never another disk. */
  rootKept: ({ event: { data } }: Asked) => {
    const root = data.blockDevices?.find(each => normalised(each.device) === normalised(data.rootDevice))
    const { ephemeral, snapshot = data.snapshot, sizeBytes = data.sizeBytes } = root ?? {}
    return ephemeral === undefined && snapshot === data.snapshot && sizeBytes >= data.sizeBytes
  },
}

export const image = setup({
  types: { context: {} as ImageContext, events: {} as ImageEvent, tags: {} as StateTag },
  actions: { ...wants, registered: assign(({ event }) => ({ ...(event as Register).data })) },
  guards: { requires: requires(imageRequirements) },
}).createMachine({
  id: 'image',
  context: unborn,
  initial: 'absent',
  states: {
    absent: {
      tags: 'settled',
      on: {
        'image.registerRequested': {
          guard: needs('accountOpen', 'devicesOnce', 'rootKept'),
          target: 'available',
          actions: 'registered',
        },
      },
    },
    available: { tags: 'settled', on: { 'image.deregisterRequested': 'deregistered' } },
    deregistered: { tags: ['settled', 'terminal'] },
  },
})
