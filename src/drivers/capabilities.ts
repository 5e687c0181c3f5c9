/**
 * The one vocabulary in which a driver declares what its provider can do. Values with limits, not booleans; the engine
 * plans from them and never from a driver's name. Unknown names are refused when a driver is registered.
 * (spec: drivers-and-qemu 8 merged with stateful-and-deltacloud 3a.2.)
 */
import { z } from 'zod'

const count = z.int().nonnegative()

export const capabilitiesSchema = z
  .strictObject({
    /** Placement names this provider offers; the first is the default. */
    zones: z.array(z.string().min(1)).min(1).default(['a']),
    /** Regions this provider serves, each with its zones of those above, the default first. None given: it serves every one. */
    regions: z.record(z.string().min(1), z.array(z.string().min(1)).min(1)).default({}),

    // Launch and the root disk
    /** Does creating an instance from an image give it a private root disk? `never`: it runs on the image itself. */
    clonesOnLaunch: z.enum(['always', 'never', 'optional']).default('never'),
    imageExclusive: z.boolean().default(false),
    cloneKind: z.enum(['full', 'linked', 'cow']).default('full'),
    canCloneImage: z.boolean().default(false),
    canDeleteClone: z.boolean().default(false),
    canCreateVolumeFromImage: z.boolean().default(false),
    bootFromVolume: z.boolean().default(false),
    bootFromSnapshot: z.boolean().default(false),
    /** `stopped`: creating an instance only makes it; the engine sends the first start. */
    stateAfterCreate: z.enum(['running', 'stopped']).default('running'),

    // Power
    stop: z.enum(['preserves', 'destroys', 'none']).default('none'),
    stopStyles: z.array(z.enum(['acpi', 'hard'])).default(['hard']),
    start: z.enum(['none', 'soft', 'hard', 'both']).default('none'),
    reboot: z.enum(['none', 'soft', 'hard', 'both']).default('none'),
    suspend: z.enum(['none', 'disk', 'memory']).default('none'),
    pause: z.boolean().default(false),
    graceful: z.enum(['reported', 'fire-and-forget', 'none']).default('none'),
    vanishesAfterStop: z.boolean().default(false),
    /** Does it keep what guests write to their consoles? */
    consoleOutput: z.boolean().default(false),

    // Destroy
    destroy: z.enum(['native', 'viaStop', 'none']).default('native'),
    destroyFrom: z.array(z.enum(['running', 'stopped', 'suspended', 'pending', 'error'])).default(['stopped']),
    rootOnDestroy: z.enum(['deletes', 'keeps', 'byFlag']).default('keeps'),
    rootOnStop: z.enum(['deletes', 'keeps']).default('keeps'),
    attachmentsOnDestroy: z.enum(['detaches', 'deletes', 'byFlag']).default('detaches'),
    auxiliaryOnDestroy: z.array(z.string()).default([]),
    terminationProtection: z.boolean().default(false),
    deleteOnTermination: z.boolean().default(false),

    // Disks
    volume: z
      .strictObject({
        minBytes: count.default(1),
        maxBytes: count.default(Number.MAX_SAFE_INTEGER),
        stepBytes: z.int().positive().default(1),
        grow: z.enum(['online', 'offline', 'none']).default('none'),
        shrink: z.literal(false).default(false),
        /** Can the type and the rates of a volume change? */
        retype: z.boolean().default(false),
        encrypt: z.boolean().default(false),
      })
      .prefault({}),
    volumeAttach: z
      .strictObject({
        hotPlug: z.boolean().default(false),
        hotUnplug: z.boolean().default(false),
        max: count.default(0),
        multiAttach: z.boolean().default(false),
        detachNeedsGuest: z.boolean().default(false),
        identity: z.enum(['serial', 'name']).default('name'),
      })
      .prefault({}),
    volumeSnapshot: z
      .strictObject({
        of: z.array(z.enum(['available', 'in-use'])).default([]),
        live: z.boolean().default(false),
        group: z.boolean().default(false),
        incremental: z.boolean().default(false),
        independentOfVolume: z.boolean().default(false),
        revert: z.boolean().default(false),
        revertRestoresSize: z.boolean().default(false),
      })
      .prefault({}),
    vmSnapshot: z
      .strictObject({
        memory: z.boolean().default(false),
        diskOnly: z.boolean().default(false),
        live: z.boolean().default(false),
        quiesce: z.boolean().default(false),
        tree: z.boolean().default(false),
        revertWhileRunning: z.boolean().default(false),
        maxCount: count.default(0),
        maxDepth: count.default(0),
        stunsVm: z.boolean().default(false),
        blocks: z.array(z.enum(['attach', 'detach', 'resize'])).default([]),
      })
      .prefault({}),

    // Images
    createImage: z
      .strictObject({
        fromStates: z.array(z.enum(['running', 'stopped'])).default([]),
        rebootsInstance: z.boolean().default(false),
        fromSnapshot: z.boolean().default(false),
        fromManifest: z.boolean().default(false),
      })
      .prefault({}),
    imageFormats: z.array(z.enum(['raw', 'qcow2', 'vmdk', 'vhd', 'vhdx', 'ova', 'xen-bundle', 'tar'])).default([]),
    boot: z.array(z.enum(['direct-kernel', 'bios', 'uefi', 'pv'])).default([]),

    // How calls behave
    /** What makes a repeated call safe. `none`: after an unknown outcome the engine observes before it asks again. */
    idempotency: z
      .strictObject({ by: z.enum(['id', 'token', 'none']).default('none'), ttlMs: count.optional() })
      .prefault({}),
    /** How long after a change an observation may still show the state before it. */
    consistency: z.strictObject({ readAfterWrite: z.boolean().default(true), lagMs: count.default(0) }).prefault({}),
    capacity: z.enum(['measured', 'declared', 'none']).default('none'),
    features: z.record(z.string(), z.json()).default({}),
    limits: z
      .strictObject({
        nameMaxLength: count.optional(),
        nameCharset: z.string().optional(),
        memoryMultipleMiB: count.optional(),
        /** Calls in flight at once. Too few starves the provider, too many meets its rate limit. */
        callsInFlightMax: z.int().positive().default(64),
        callTimeoutMs: z.int().positive().default(60_000),
      })
      .prefault({}),
    settle: z
      .strictObject({
        startRetryAfterMs: count.default(120_000),
        stopRetryAfterMs: count.default(120_000),
        missingGraceMs: count.default(0),
      })
      .prefault({}),
  })
  .refine(({ zones, regions }) => Object.values(regions).every(each => each.every(zone => zones.includes(zone))), {
    path: ['regions'],
    message: 'every zone of a region is one of zones',
  })

export type Capabilities = z.output<typeof capabilitiesSchema>
/** What a driver writes: only what differs from the defaults. */
export type DeclaredCapabilities = z.input<typeof capabilitiesSchema>

/** Fills in defaults. Throws a ZodError that names every unknown capability or value out of range. */
export const capabilities = (declared: DeclaredCapabilities): Capabilities => capabilitiesSchema.parse(declared)
