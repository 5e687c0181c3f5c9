/**
 * The one vocabulary in which a driver declares what its provider can do. Values with limits, not booleans; the engine
 * plans from them and never from a driver's name. Unknown names are refused when a driver is registered, and each entry
 * says which of its values is the weaker, because an image or an instance may offer less than its provider does.
 * (spec: drivers-and-qemu 8 merged with stateful-and-deltacloud 3a.2.)
 */
import { z } from 'zod'
import { changingCalls } from './changing-calls.ts'
import { features } from './features.ts'
import { burden, burdens, including, largerIsWeaker, multiplesOf, placesByRegion, weakestFirst } from './strength.ts'

const count = z.int().nonnegative()
const countAtLeast = () => largerIsWeaker(z.int().nonnegative())
const set = <const V extends readonly [string, ...string[]]>(...values: V) => z.array(z.enum(values))
const styles = () => including({ none: [], soft: ['soft'], hard: ['hard'], both: ['soft', 'hard'] })

/** The entries with their shapes, defaults and orders. Five defaults follow from other entries: `followed` fills them in. */
export const vocabulary = z.strictObject({
  /** Placement names this provider offers; the first is the default. */
  zones: z.array(z.string().min(1)).min(1).default(['a']),
  /** Regions this provider serves, each with its zones of those above, the default first. None given: it serves every one. */
  regions: placesByRegion(z.record(z.string().min(1), z.array(z.string().min(1)).min(1))).default({}),

  // Launch and the root disk
  /** Does creating an instance from an image give it a root disk of its own? `never`: its root is asked for, or it is the image. */
  clonesOnLaunch: weakestFirst('never', 'always', 'optional').default('never'),
  /** May an instance run on the image itself, and write to it? Default: true where `clonesOnLaunch` is not `always`. */
  runsOnImage: z.boolean().optional(),
  /** An image that an instance runs on can not be used by another one. Default: true where `clonesOnLaunch` is `never`. */
  imageExclusive: burden().optional(),
  /** Of disks made from images: linked and cow ones need their image, which can not go before them. */
  cloneKind: weakestFirst('linked', 'cow', 'full').default('full'),
  /** Makes a disk from an image, to be the root of one instance: `volumeEnsure` from an image. */
  canCloneImage: z.boolean().default(false),
  /** Deletes such a disk: `volumeDelete`. */
  canDeleteClone: z.boolean().default(false),
  /** Makes any volume from an image. */
  canCreateVolumeFromImage: z.boolean().default(false),
  /** Any volume may be the root of an instance; where only clones may, this is false. */
  bootFromVolume: z.boolean().default(false),
  /** A volume that was made from a snapshot may be a root too. */
  bootFromSnapshot: z.boolean().default(false),
  /** `stopped`: creating an instance only makes it; the engine sends the first start. */
  stateAfterCreate: weakestFirst('stopped', 'running').default('running'),

  // Power
  /** `destroys`: it is the same as destroying. A stop that does not keep the root and let it start again is never `preserves`. */
  stop: weakestFirst('none', 'destroys', 'preserves').default('none'),
  stopStyles: set('acpi', 'hard').default(['hard']),
  start: styles().default('none'),
  reboot: styles().default('none'),
  /** Where a suspended guest waits: what is on disk survives the loss of its host. */
  suspend: weakestFirst('none', 'memory', 'disk').default('none'),
  pause: z.boolean().default(false),
  /** Does a graceful stop tell when the guest is off? */
  graceful: weakestFirst('none', 'fire-and-forget', 'reported').default('none'),
  /** An instance that is off is no longer shown: missing after a stop is success. Default: true where `stop` is `destroys`. */
  vanishesAfterStop: burden().optional(),
  /** Does it keep what guests write to their consoles? */
  consoleOutput: z.boolean().default(false),

  // Destroy
  /** `viaStop`: `instancePower` off is how an instance is destroyed, and `instanceDestroy` has nothing of its own. */
  destroy: weakestFirst('none', 'viaStop', 'native').default('native'),
  /** States from which it destroys. */
  destroyFrom: set('running', 'stopped', 'suspended', 'pending', 'error').default(['stopped']),
  /** What becomes of a root that the provider made; `byFlag`: as `deleteRoot` says. A disk it was given is no such root. */
  rootOnDestroy: weakestFirst('keeps', 'deletes', 'byFlag').default('keeps'),
  /** The same when an instance is off. Default: `deletes` where stopping destroys and destroying deletes, else `keeps`. */
  rootOnStop: weakestFirst('deletes', 'keeps').optional(),
  /** What becomes of the volumes an instance was given; `byFlag`: those in `deleteVolumes` go. */
  attachmentsOnDestroy: weakestFirst('deletes', 'detaches', 'byFlag').default('detaches'),
  /** Kinds of what a provider makes beside an instance, such as its network card, that go with it. Others are left. */
  auxiliaryOnDestroy: set('seed', 'nic', 'address', 'key').default([]),
  terminationProtection: z.boolean().default(false),
  /** Takes flags that say what goes with an instance. Default: true where one of the entries above is `byFlag`. */
  deleteOnTermination: z.boolean().optional(),

  // Disks
  volume: z
    .strictObject({
      minBytes: countAtLeast().default(1),
      maxBytes: count.default(Number.MAX_SAFE_INTEGER),
      stepBytes: multiplesOf(z.int().positive()).default(1),
      grow: weakestFirst('none', 'offline', 'online').default('none'),
      shrink: z.literal(false).default(false),
      /** Can the type and the rates of a volume change? */
      retype: z.boolean().default(false),
      encrypt: z.boolean().default(false),
      /** To another of its pools, with what it holds: `offline` only while nobody runs with it. */
      migrate: weakestFirst('none', 'offline', 'online').default('none'),
    })
    .prefault({}),
  volumeAttach: z
    .strictObject({
      /** To and from a running instance. */
      hotPlug: z.boolean().default(false),
      hotUnplug: z.boolean().default(false),
      /** Volumes of one instance, its root aside. */
      max: count.default(0),
      /** Several instances may have one volume. */
      multiAttach: z.boolean().default(false),
      /** A guest that does not let go of a volume keeps it: the call is refused with `guestRefused`. */
      detachNeedsGuest: burden().default(false),
      /** `serial`: an attachment has the fact `serial`, by which its guest finds the volume whatever its device name. */
      identity: weakestFirst('name', 'serial').default('name'),
    })
    .prefault({}),
  volumeSnapshot: z
    .strictObject({
      of: set('available', 'in-use').default([]),
      /** Also while a guest that has the volume runs. */
      live: z.boolean().default(false),
      /** Of several volumes at one moment, all or none. */
      group: z.boolean().default(false),
      incremental: z.boolean().default(false),
      /** A volume may be deleted before its snapshots. */
      independentOfVolume: z.boolean().default(false),
      /** Takes a volume back to one of them. `revertRestoresSize`: also to the size it had then. */
      revert: z.boolean().default(false),
      revertRestoresSize: z.boolean().default(false),
    })
    .prefault({}),
  vmSnapshot: z
    .strictObject({
      /** With what is in memory, of guests that run. */
      memory: z.boolean().default(false),
      /** Disks alone. `live`: also while the guest runs. */
      diskOnly: z.boolean().default(false),
      live: z.boolean().default(false),
      quiesce: z.boolean().default(false),
      /** May go back to one that has others after it, and on from there; without, only to the last. */
      tree: z.boolean().default(false),
      revertWhileRunning: z.boolean().default(false),
      /** Of one instance; none at all where it is 0. */
      maxCount: count.default(0),
      /** In one line, from the first to the last. */
      maxDepth: count.default(0),
      /** The guest stands still while it is kept, and may not be shown as running. */
      stunsVm: burden().default(false),
      /** They are layers: one that several others, or the live disks and others, are built on can not be taken out. */
      layered: burden().default(false),
      /** What is refused while an instance has any. */
      blocks: burdens('attach', 'detach', 'resize', 'migrate').default([]),
    })
    .prefault({}),

  // Images
  /** Takes images away that somebody brought: `imageDelete`. */
  canDeleteImage: z.boolean().default(false),
  /** An image may offer less than this: it is looked at before anything is launched from it or made of it. */
  imagesNarrow: burden().default(false),
  createImage: z
    .strictObject({
      fromStates: set('running', 'stopped').default([]),
      rebootsInstance: burden().default(false),
      fromSnapshot: z.boolean().default(false),
      fromManifest: z.boolean().default(false),
    })
    .prefault({}),
  imageFormats: set('raw', 'qcow2', 'vmdk', 'vhd', 'vhdx', 'ova', 'xen-bundle', 'tar').default([]),
  boot: set('direct-kernel', 'bios', 'uefi', 'pv').default([]),

  // How calls behave
  /** By call. `sync`: it never answers `pending`. `callback`: news tell when it has ended. Not named: `poll`. */
  async: z.partialRecord(z.enum(changingCalls), weakestFirst('poll', 'callback', 'sync')).default({}),
  /** What makes a repeated call safe. `none`: after an unknown outcome the engine observes before it asks again. */
  idempotency: z
    .strictObject({ by: weakestFirst('none', 'token', 'id').default('none'), ttlMs: count.optional() })
    .prefault({}),
  /** How long after a change an observation may still show the state before it. */
  consistency: z
    .strictObject({ readAfterWrite: z.boolean().default(true), lagMs: countAtLeast().default(0) })
    .prefault({}),
  capacity: weakestFirst('none', 'declared', 'measured').default('none'),
  features: features.default({}),
  limits: z
    .strictObject({
      nameMaxLength: count.optional(),
      nameCharset: z.string().optional(),
      memoryMultipleMiB: multiplesOf(z.int().positive()).optional(),
      /** Calls in flight at once. Too few starves the provider, too many meets its rate limit. */
      callsInFlightMax: z.int().positive().default(64),
      callTimeoutMs: largerIsWeaker(z.int().positive()).default(60_000),
    })
    .prefault({}),
  settle: z
    .strictObject({
      /** A start or stop that takes longer has failed. */
      startRetryAfterMs: countAtLeast().default(120_000),
      stopRetryAfterMs: countAtLeast().default(120_000),
      /** How long an instance that is there may be shown as missing. */
      missingGraceMs: countAtLeast().default(0),
    })
    .prefault({}),
})

type Filled = 'runsOnImage' | 'imageExclusive' | 'vanishesAfterStop' | 'rootOnStop' | 'deleteOnTermination'
type Declared = z.output<typeof vocabulary>
export type Capabilities = Omit<Declared, Filled> & { [F in Filled]-?: NonNullable<Declared[F]> }
/** What a driver writes: only what differs from the defaults. */
export type DeclaredCapabilities = z.input<typeof vocabulary>

type Leaders = Pick<Declared, 'clonesOnLaunch' | 'stop' | 'rootOnDestroy' | 'attachmentsOnDestroy'>
/** The defaults that follow from other entries. */
export const followed = (from: Leaders): Pick<Capabilities, Filled> => ({
  runsOnImage: from.clonesOnLaunch !== 'always',
  imageExclusive: from.clonesOnLaunch === 'never',
  vanishesAfterStop: from.stop === 'destroys',
  rootOnStop: from.stop === 'destroys' && from.rootOnDestroy === 'deletes' ? 'deletes' : 'keeps',
  deleteOnTermination: from.rootOnDestroy === 'byFlag' || from.attachmentsOnDestroy === 'byFlag',
})

export const capabilitiesSchema = vocabulary
  .refine(({ zones, regions }) => Object.values(regions).every(each => each.every(zone => zones.includes(zone))), {
    path: ['regions'],
    message: 'every zone of a region is one of zones',
  })
  .transform((declared): Capabilities => {
    const following = followed(declared)
    return {
      ...declared,
      runsOnImage: declared.runsOnImage ?? following.runsOnImage,
      imageExclusive: declared.imageExclusive ?? following.imageExclusive,
      vanishesAfterStop: declared.vanishesAfterStop ?? following.vanishesAfterStop,
      rootOnStop: declared.rootOnStop ?? following.rootOnStop,
      deleteOnTermination: declared.deleteOnTermination ?? following.deleteOnTermination,
    }
  })

/** Fills in defaults. Throws a ZodError that names every unknown capability or value out of range. */
export const capabilities = (declared: DeclaredCapabilities): Capabilities => capabilitiesSchema.parse(declared)
