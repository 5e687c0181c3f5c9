/**
 * For each capability a driver that declares what it can not do. Whoever adds a capability adds the lie about it here,
 * or this file does not compile; whoever adds a clause breaks the lie that it is for.
 */
import type { Driver, Outcome } from '../../src/drivers/driver.ts'
import { rejected } from '../../src/drivers/outcomes.ts'
import {
  type SimulatedDriver,
  type SimulatedOptions,
  simulatedClasses,
  type simulatedOddities,
} from '../../src/drivers/simulated/index.ts'
import { everyCapability } from '../../src/drivers/simulated/options.ts'
import type { CapabilityName } from '../../src/testing/driver-contract.ts'

type Declared = NonNullable<SimulatedOptions['capabilities']>

export interface Lie {
  /** What is declared, laid over what a simulated provider declares by itself. */
  readonly declares?: Declared
  /** What is true instead. */
  readonly can?: Declared
  readonly otherwise?: Omit<SimulatedOptions, 'capabilities' | 'abilities'>
  readonly wraps?: (driver: SimulatedDriver) => Driver
  /** No driver can keep such a promise, since no call asks for it. */
  readonly nobodyCan?: true
  /** Where it is not the clause that the capability names. */
  readonly caughtBy?: string
}

const { A, B, D, E } = simulatedClasses
const { volume, volumeAttach, volumeSnapshot, vmSnapshot } = everyCapability

const nobody = (declares: Declared): Lie => ({ declares, nobodyCan: true })
const ofVolume = (says: NonNullable<Declared['volume']>, can: NonNullable<Declared['volume']>): Lie => ({
  declares: { volume: { ...volume, ...says } },
  can: { volume: { ...volume, ...can } },
})
const ofAttach = (says: Declared['volumeAttach'], can: Declared['volumeAttach']): Lie => ({
  declares: { volumeAttach: { ...volumeAttach, ...says } },
  can: { volumeAttach: { ...volumeAttach, ...can } },
})
const ofSnapshot = (can: Declared['volumeSnapshot']): Lie => ({
  can: { volumeSnapshot: { ...volumeSnapshot, ...can } },
})
const ofVmSnapshot = (says: Declared['vmSnapshot'], can: Declared['vmSnapshot']): Lie => ({
  declares: { vmSnapshot: { ...vmSnapshot, ...says } },
  can: { vmSnapshot: { ...vmSnapshot, ...can } },
})
const createImage = (part: Declared['createImage']) => nobody({ createImage: part })
const slowPower = { instant: false, faults: { instancePower: { delay: 1 } }, delayMs: { min: 400, max: 400 } } as const
const oldNews = { faults: { observe: { staleRead: 1 } } } as const

/** Takes a volume back to a size it had. */
const shrinks = (driver: SimulatedDriver): Driver => {
  const sizes = new Map<string, number>()
  return {
    ...driver,
    volumeResize: (id, spec, context) => {
      sizes.set(id, spec.sizeBytes)
      return driver.volumeResize!(id, spec, context)
    },
    observe: async (kind, id, context) => {
      const seen = await driver.observe(kind, id, context)
      const sizeBytes = sizes.get(id)
      return sizeBytes === undefined ? seen : { ...seen, facts: { ...seen.facts, sizeBytes } }
    },
  }
}
/** Refuses calls while it is busy with others. */
const easilyOverrun = (driver: SimulatedDriver): Driver => {
  let inFlight = 0
  return {
    ...driver,
    instanceDestroy: async (id, spec, context): Promise<Outcome> => {
      inFlight++
      try {
        if (inFlight > 8) return rejected('unavailable', 'too many requests')
        return await driver.instanceDestroy(id, spec, context)
      } finally {
        inFlight--
      }
    },
  }
}
/** Does not know an instance for a while after it was turned on or off. */
const forgetful = (driver: SimulatedDriver): Driver => {
  const until = new Map<string, number>()
  return {
    ...driver,
    instancePower: (id, spec, context) => {
      until.set(id, Date.now() + 150)
      return driver.instancePower!(id, spec, context)
    },
    observe: async (kind, id, context) => {
      const seen = await driver.observe(kind, id, context)
      return Date.now() < (until.get(id) ?? 0) ? { kind, id, exists: 'no', facts: {}, observedAt: Date.now() } : seen
    },
  }
}
/** Asked for a root of its own, it runs the instance on the image. */
const shareRoots = (driver: SimulatedDriver): Driver => ({
  ...driver,
  instanceEnsure: (id, spec, context) => driver.instanceEnsure(id, { ...spec, root: { kind: 'image' } }, context),
})

/** Puts the roots that it makes wherever it likes. */
const placesRootsAnywhere = (driver: SimulatedDriver): Driver => ({
  ...driver,
  instanceEnsure: (id, { root, ...spec }, context) => {
    const anywhere = root?.kind === 'private' ? { ...root, pool: undefined } : root
    return driver.instanceEnsure(id, { ...spec, root: anywhere }, context)
  },
})

/** Says of its images what it did not say of itself. */
const narrowsImages =
  (scope: Declared) =>
  (driver: SimulatedDriver): Driver => ({
    ...driver,
    observe: async (kind, id, context) => {
      const seen = await driver.observe(kind, id, context)
      return kind === 'image' ? { ...seen, facts: { ...seen.facts, capabilities: scope as never } } : seen
    },
  })

export const lies: { readonly [C in CapabilityName]: Lie | readonly Lie[] } = {
  zones: { declares: { zones: ['a', 'b', 'c'] }, can: { zones: ['a', 'b'] } },
  regions: {
    declares: { zones: ['a', 'b', 'south-a'], regions: { north: ['a', 'b'], south: ['south-a'] } },
    can: { zones: ['a', 'b'], regions: {} },
  },

  clonesOnLaunch: [
    { declares: { clonesOnLaunch: 'always' }, can: { clonesOnLaunch: 'never' } },
    {
      declares: { clonesOnLaunch: 'always', imageExclusive: false },
      can: { clonesOnLaunch: 'optional' },
      wraps: shareRoots,
    },
    {
      declares: { clonesOnLaunch: 'optional' },
      can: { clonesOnLaunch: 'always' },
      caughtBy: 'runs an instance on its image, which keeps what the guest writes, or says that it can not',
    },
  ],
  runsOnImage: [{ can: { runsOnImage: false } }, { declares: { runsOnImage: false }, can: { runsOnImage: true } }],
  imageExclusive: [
    { declares: { imageExclusive: true }, can: { imageExclusive: false } },
    { declares: { imageExclusive: false }, can: { imageExclusive: true } },
  ],
  cloneKind: { declares: { cloneKind: 'full' }, can: { cloneKind: 'linked' } },
  canCloneImage: { declares: D, can: { canCloneImage: false } },
  canDeleteImage: { declares: { canDeleteImage: true }, can: { canDeleteImage: false } },
  canDeleteClone: { declares: D, can: { canDeleteClone: false } },
  canCreateVolumeFromImage: { declares: E, can: { canCreateVolumeFromImage: false } },
  bootFromVolume: { can: { bootFromVolume: false } },
  bootFromSnapshot: { can: { bootFromSnapshot: false } },
  stateAfterCreate: { can: { stateAfterCreate: 'stopped' } },

  stop: [
    { declares: B, can: { stop: 'destroys', vanishesAfterStop: true } },
    { declares: E, can: { rootOnStop: 'deletes' } },
    {
      declares: { stop: 'destroys', start: 'none' },
      can: { stop: 'preserves', vanishesAfterStop: false },
      caughtBy: 'removes an instance by stopping it, where it declares that',
    },
  ],
  stopStyles: { can: { stopStyles: ['hard'] } },
  start: { can: { start: 'none' } },
  reboot: { can: { reboot: 'none' } },
  suspend: [{ can: { suspend: 'memory' } }, { can: { suspend: 'none' } }],
  pause: { can: { pause: false } },
  graceful: { can: { graceful: 'fire-and-forget' } },
  vanishesAfterStop: [
    { declares: { stop: 'none', start: 'none', vanishesAfterStop: true }, can: { vanishesAfterStop: false } },
    { declares: { stop: 'none', start: 'none' }, can: { vanishesAfterStop: true } },
  ],
  consoleOutput: { can: { consoleOutput: false } },

  destroy: [
    { can: { destroy: 'none' } },
    {
      declares: { ...A, destroy: 'viaStop' },
      can: { destroy: 'native' },
      caughtBy: 'destroys only by stopping, where it declares that',
    },
  ],
  destroyFrom: [
    { can: { destroyFrom: ['running', 'stopped'] } },
    { declares: { destroyFrom: ['stopped'] }, can: { destroyFrom: ['stopped', 'running'] } },
  ],
  rootOnDestroy: [
    { declares: A, can: { rootOnDestroy: 'keeps' } },
    { declares: B, can: { rootOnDestroy: 'deletes' } },
    { declares: { rootOnDestroy: 'keeps' }, can: { rootOnDestroy: 'deletes' } },
  ],
  rootOnStop: { declares: A, can: { rootOnStop: 'keeps' } },
  attachmentsOnDestroy: [
    { declares: { attachmentsOnDestroy: 'detaches' }, can: { attachmentsOnDestroy: 'deletes' } },
    { declares: { attachmentsOnDestroy: 'byFlag' }, can: { attachmentsOnDestroy: 'deletes' } },
  ],
  auxiliaryOnDestroy: { can: { auxiliaryOnDestroy: ['seed', 'nic'] } },
  terminationProtection: nobody({ terminationProtection: true }),
  deleteOnTermination: {
    declares: { deleteOnTermination: true },
    can: { deleteOnTermination: false, rootOnDestroy: 'keeps', attachmentsOnDestroy: 'detaches' },
  },

  'volume.minBytes': ofVolume({ minBytes: 1 }, { minBytes: 4096 }),
  'volume.maxBytes': [ofVolume({}, { maxBytes: 1024 ** 4 }), ofVolume({ maxBytes: 1024 ** 4 }, {})],
  'volume.stepBytes': [ofVolume({}, { stepBytes: 512 }), ofVolume({ stepBytes: 512 }, {})],
  'volume.grow': ofVolume({}, { grow: 'offline' }),
  'volume.shrink': { wraps: shrinks },
  'volume.retype': ofVolume({}, { retype: false }),
  'volume.encrypt': ofVolume({}, { encrypt: false }),
  'volume.migrate': [
    ofVolume({}, { migrate: 'none' }),
    ofVolume({}, { migrate: 'offline' }),
    ofVolume({ migrate: 'offline' }, { migrate: 'online' }),
    {
      declares: { clonesOnLaunch: 'always' },
      wraps: placesRootsAnywhere,
      caughtBy: 'makes the root of an instance in the pool it is told, where it has pools to move volumes between',
    },
  ],
  'volumeAttach.hotPlug': ofAttach({}, { hotPlug: false }),
  'volumeAttach.hotUnplug': ofAttach({}, { hotUnplug: false }),
  'volumeAttach.max': [ofAttach({ max: 4 }, { max: 3 }), ofAttach({ max: 4 }, { max: 5 })],
  'volumeAttach.multiAttach': [
    ofAttach({ multiAttach: true }, { multiAttach: false }),
    ofAttach({ multiAttach: false }, { multiAttach: true }),
  ],
  'volumeAttach.detachNeedsGuest': ofAttach({}, { detachNeedsGuest: true }),
  'volumeAttach.identity': ofAttach({ identity: 'serial' }, { identity: 'name' }),
  'volumeSnapshot.of': ofSnapshot({ of: ['available'] }),
  'volumeSnapshot.live': ofSnapshot({ live: false }),
  'volumeSnapshot.group': ofSnapshot({ group: false }),
  'volumeSnapshot.incremental': nobody({ volumeSnapshot: { ...volumeSnapshot, incremental: true } }),
  'volumeSnapshot.independentOfVolume': ofSnapshot({ independentOfVolume: false }),
  'volumeSnapshot.revert': ofSnapshot({ revert: false }),
  'volumeSnapshot.revertRestoresSize': [
    ofSnapshot({ revertRestoresSize: false }),
    {
      declares: { volumeSnapshot: { ...volumeSnapshot, revertRestoresSize: false } },
      can: { volumeSnapshot: { ...volumeSnapshot, revertRestoresSize: true } },
    },
  ],
  'vmSnapshot.memory': [ofVmSnapshot({}, { memory: false }), ofVmSnapshot({ memory: false }, {})],
  'vmSnapshot.diskOnly': [ofVmSnapshot({}, { diskOnly: false }), ofVmSnapshot({ diskOnly: false }, {})],
  'vmSnapshot.live': [ofVmSnapshot({}, { live: false }), ofVmSnapshot({ live: false }, {})],
  'vmSnapshot.quiesce': [ofVmSnapshot({}, { quiesce: false }), ofVmSnapshot({ quiesce: false }, {})],
  'vmSnapshot.tree': [ofVmSnapshot({}, { tree: false }), ofVmSnapshot({ tree: false }, {})],
  'vmSnapshot.revertWhileRunning': [
    ofVmSnapshot({}, { revertWhileRunning: false }),
    ofVmSnapshot({ revertWhileRunning: false }, {}),
  ],
  'vmSnapshot.maxCount': [ofVmSnapshot({ maxCount: 8 }, { maxCount: 7 }), ofVmSnapshot({ maxCount: 4 }, {})],
  'vmSnapshot.maxDepth': [ofVmSnapshot({}, { maxDepth: 7 }), ofVmSnapshot({ maxDepth: 4 }, {})],
  'vmSnapshot.stunsVm': {
    ...ofVmSnapshot({}, { stunsVm: true }),
    otherwise: { delayMs: { min: 400, max: 400 } },
  },
  'vmSnapshot.layered': [ofVmSnapshot({}, { layered: true }), ofVmSnapshot({ layered: true }, {})],
  'vmSnapshot.blocks': [
    ofVmSnapshot({}, { blocks: [] }),
    ofVmSnapshot({ blocks: ['attach'] }, {}),
    ofVmSnapshot({}, { blocks: ['attach', 'detach'] }),
    ofVmSnapshot({}, { blocks: ['attach', 'detach', 'resize', 'migrate'] }),
  ],

  imagesNarrow: [
    { wraps: narrowsImages({ stop: 'none' }) },
    { declares: { imagesNarrow: true, pause: false }, wraps: narrowsImages({ pause: true }) },
    { declares: { imagesNarrow: true }, wraps: narrowsImages({ stop: 'destroys', vanishesAfterStop: false }) },
  ],
  'createImage.fromStates': createImage({ fromStates: ['running'] }),
  'createImage.rebootsInstance': createImage({ rebootsInstance: true }),
  'createImage.fromSnapshot': createImage({ fromSnapshot: true }),
  'createImage.fromManifest': createImage({ fromManifest: true }),
  imageFormats: nobody({ imageFormats: ['qcow2'] }),
  boot: nobody({ boot: ['uefi'] }),

  async: {
    declares: { async: { volumeEnsure: 'sync', instancePower: 'sync' } },
    otherwise: { faults: { volumeEnsure: { pending: 1 } } },
  },
  'idempotency.by': [
    { can: { idempotency: { by: 'none' } } },
    {
      can: { idempotency: { by: 'token' } },
      caughtBy: 'refuses the id of an instance with another specification as a conflict',
    },
  ],
  'idempotency.ttlMs': {
    declares: { idempotency: { by: 'token', ttlMs: 60_000 } },
    can: { idempotency: { by: 'token', ttlMs: 0 } },
  },
  'consistency.readAfterWrite': {
    declares: { consistency: { readAfterWrite: true, lagMs: 0 } },
    can: { consistency: { readAfterWrite: false, lagMs: 1000 } },
    otherwise: oldNews,
  },
  'consistency.lagMs': {
    declares: { consistency: { readAfterWrite: false, lagMs: 1 } },
    can: { consistency: { readAfterWrite: false, lagMs: 1000 } },
    otherwise: oldNews,
  },
  capacity: [{ can: { capacity: 'none' } }, { can: { capacity: 'declared' } }],
  features: nobody({ features: { 'instances.create': { user_name: { max_length: 50 } } } }),
  'limits.nameMaxLength': nobody({ limits: { nameMaxLength: 50 } }),
  'limits.nameCharset': nobody({ limits: { nameCharset: 'a-z' } }),
  'limits.memoryMultipleMiB': [
    { can: { limits: { memoryMultipleMiB: 256 } } },
    { declares: { limits: { memoryMultipleMiB: 4 } }, can: { limits: {} } },
  ],
  'limits.callsInFlightMax': { declares: { limits: { callsInFlightMax: 16 } }, wraps: easilyOverrun },
  'limits.callTimeoutMs': {
    declares: { limits: { callTimeoutMs: 500 } },
    otherwise: { instant: false, latencyMs: { min: 600, max: 600 } },
  },
  'settle.startRetryAfterMs': { declares: { settle: { startRetryAfterMs: 300 } }, otherwise: slowPower },
  'settle.stopRetryAfterMs': { declares: { settle: { stopRetryAfterMs: 300 } }, otherwise: slowPower },
  'settle.missingGraceMs': { declares: { settle: { missingGraceMs: 0 } }, wraps: forgetful },
}

/** By oddity of a real driver, the clause that finds it out. */
export const oddities: { readonly [O in keyof typeof simulatedOddities]: string } = {
  stopThatDestroys: 'stops an instance and keeps it; stopping it again is done already',
  stopThatReboots: 'stops an instance and keeps it; stopping it again is done already',
  stopThatForgets: 'keeps what a guest wrote to its root through a stop and a start',
  leakedBootDisk: 'deletes or leaves the root that it made with the instance, as it declares and its flags say',
  lostCreateError: 'says why work failed that it had accepted, as often as it is asked',
}
