/** The catalogue: every kind of resource, with its rules, its alphabet and what callers may ask of it. */
import { accountCommands } from './account.commands.ts'
import { type AccountContext, account, accountEvents, accountRequirements } from './account.ts'
import { domainCommands } from './domain.commands.ts'
import { type DomainContext, domain, domainEvents, domainRequirements } from './domain.ts'
import { kind } from './grammar.ts'
import { type ImageContext, imageEvents } from './image.alphabet.ts'
import { imageCommands } from './image.commands.ts'
import { imageRequirements } from './image.rules.ts'
import { image } from './image.ts'
import { type InstanceContext, instanceEvents } from './instance.alphabet.ts'
import { instanceCommands } from './instance.commands.ts'
import { instanceFace } from './instance.face.ts'
import { instanceObserved } from './instance.looks.ts'
import { instancePresence } from './instance.presence.ts'
import { instanceRequirements } from './instance.rules.ts'
import { instance } from './instance.ts'
import { keyPairCommands } from './key-pair.commands.ts'
import { type KeyPairContext, keyPair, keyPairEvents, keyPairRequirements } from './key-pair.ts'
import { offeringCommands } from './offering.commands.ts'
import { type OfferingContext, offering, offeringEvents, offeringRequirements } from './offering.ts'
import { poolCommands } from './pool.commands.ts'
import { type PoolContext, pool, poolEvents, poolObserved, poolRequirements } from './pool.ts'
import { refusals } from './refusals.ts'
import { type ScheduleContext, scheduleEvents } from './schedule.alphabet.ts'
import { scheduleCommands } from './schedule.commands.ts'
import { schedule, scheduleRequirements } from './schedule.ts'
import { type SnapshotContext, snapshotEvents } from './snapshot.alphabet.ts'
import { snapshotCommands } from './snapshot.commands.ts'
import { snapshotObserved, snapshotPresence } from './snapshot.presence.ts'
import { snapshotRequirements } from './snapshot.rules.ts'
import { snapshot } from './snapshot.ts'
import { type SnapshotGroupContext, snapshotGroupEvents } from './snapshot-group.alphabet.ts'
import { snapshotGroupCommands } from './snapshot-group.commands.ts'
import { snapshotGroup, snapshotGroupRequirements } from './snapshot-group.ts'
import { type VmSnapshotContext, vmSnapshotEvents } from './vm-snapshot.alphabet.ts'
import { vmSnapshotCommands } from './vm-snapshot.commands.ts'
import { vmSnapshotObserved, vmSnapshotPresence } from './vm-snapshot.presence.ts'
import { vmSnapshotRequirements } from './vm-snapshot.rules.ts'
import { vmSnapshot } from './vm-snapshot.ts'
import { type VolumeContext, volumeEvents } from './volume.alphabet.ts'
import { volumeCommands } from './volume.commands.ts'
import { volumeObserved, volumePresence } from './volume.presence.ts'
import { volumeRequirements } from './volume.rules.ts'
import { volume } from './volume.ts'

const HOUR_MS = 60 * 60_000
const DAY_MS = 24 * HOUR_MS

export const kinds = {
  domain: kind({
    name: 'domain',
    idPrefix: 'domain',
    rules: 1,
    machine: domain,
    events: domainEvents,
    commands: domainCommands,
    requirements: domainRequirements,
    refusals: refusals.domain,
    face: ({ parent }: DomainContext) => ({ parent }),
    regional: false,
  }),
  account: kind({
    name: 'account',
    idPrefix: 'account',
    rules: 1,
    machine: account,
    events: accountEvents,
    commands: accountCommands,
    requirements: accountRequirements,
    refusals: refusals.account,
    face: ({ domain }: AccountContext) => ({ domain }),
    regional: false,
    // A closed account still answers for what it owned.
    retentionMs: 400 * DAY_MS,
  }),
  offering: kind({
    name: 'offering',
    idPrefix: 'offering',
    rules: 1,
    machine: offering,
    events: offeringEvents,
    commands: offeringCommands,
    requirements: offeringRequirements,
    refusals: refusals.offering,
    face: ({ vcpus, memoryBytes }: OfferingContext) => ({ vcpus, memoryBytes }),
    regional: false,
    visibility: () => 'public',
    // A name is not given to another size soon after it was retired.
    retentionMs: 400 * DAY_MS,
  }),
  pool: kind({
    name: 'pool',
    idPrefix: 'pool',
    rules: 1,
    machine: pool,
    events: poolEvents,
    commands: poolCommands,
    requirements: poolRequirements,
    refusals: refusals.pool,
    face: ({ provider, zone }: PoolContext) => ({ provider, zone }),
    observed: poolObserved,
    presence: { kinds: [], of: () => [], storage: ({ name }: PoolContext) => name },
    regional: false,
    // Its name is not given to other storage soon after it was retired.
    retentionMs: 400 * DAY_MS,
  }),
  image: kind({
    name: 'image',
    idPrefix: 'img',
    rules: 1,
    machine: image,
    events: imageEvents,
    commands: imageCommands,
    requirements: imageRequirements,
    refusals: refusals.image,
    face: ({
      architecture,
      virtualization,
      kernel,
      ramdisk,
      description,
      provider,
      rootDevice,
      sizeBytes,
      snapshot,
      encrypted,
      blockDevices,
      targets,
      directUser,
    }: ImageContext) => ({
      architecture,
      virtualization,
      kernel,
      ramdisk,
      description,
      provider,
      rootDevice,
      sizeBytes,
      snapshot,
      encrypted,
      blockDevices,
      targets,
      directUser: directUser ?? null,
    }),
    visibility: (context: ImageContext) => (context.public ? 'public' : (context.sharedWith ?? 'private')),
  }),
  snapshot: kind({
    name: 'snapshot',
    idPrefix: 'snap',
    rules: 1,
    machine: snapshot,
    events: snapshotEvents,
    commands: snapshotCommands,
    requirements: snapshotRequirements,
    refusals: refusals.snapshot,
    face: ({ volume, sizeBytes, encrypted, kmsKey, provider, boots, impaired, copiedFrom }: SnapshotContext) => ({
      impaired,
      copiedFrom,
      volume,
      sizeBytes,
      encrypted,
      kmsKey,
      provider,
      boots,
    }),
    observed: snapshotObserved,
    presence: snapshotPresence,
    retentionMs: HOUR_MS,
  }),
  'snapshot-group': kind({
    name: 'snapshot-group',
    idPrefix: 'snapgroup',
    rules: 1,
    machine: snapshotGroup,
    events: snapshotGroupEvents,
    commands: snapshotGroupCommands,
    requirements: snapshotGroupRequirements,
    refusals: refusals['snapshot-group'],
    face: ({ provider, members }: SnapshotGroupContext) => ({ provider, members }),
    retentionMs: HOUR_MS,
  }),
  schedule: kind({
    name: 'schedule',
    idPrefix: 'sched',
    rules: 1,
    machine: schedule,
    events: scheduleEvents,
    commands: scheduleCommands,
    requirements: scheduleRequirements,
    refusals: refusals.schedule,
    face: ({ target }: ScheduleContext) => ({ target }),
    retentionMs: HOUR_MS,
  }),
  'key-pair': kind({
    name: 'key-pair',
    idPrefix: 'key',
    rules: 1,
    machine: keyPair,
    events: keyPairEvents,
    commands: keyPairCommands,
    requirements: keyPairRequirements,
    refusals: refusals['key-pair'],
    face: ({ name, publicKey }: KeyPairContext) => ({ name, publicKey }),
  }),
  volume: kind({
    name: 'volume',
    idPrefix: 'vol',
    rules: 1,
    machine: volume,
    events: volumeEvents,
    commands: volumeCommands,
    requirements: volumeRequirements,
    refusals: refusals.volume,
    face: ({ zone, provider, pool, offers, sizeBytes, encrypted, kmsKey, from, boots, attachment }: VolumeContext) => ({
      pool,
      keepsSnapshots: offers.keepsSnapshots,
      zone,
      provider,
      sizeBytes,
      encrypted,
      kmsKey,
      from,
      boots,
      instance: attachment?.instance,
    }),
    observed: volumeObserved,
    presence: volumePresence,
    // About as long as EC2 shows what has ended. (spec: ec2 2.10.)
    retentionMs: HOUR_MS,
  }),
  instance: kind({
    name: 'instance',
    idPrefix: 'i',
    rules: 1,
    machine: instance,
    events: instanceEvents,
    commands: instanceCommands,
    requirements: instanceRequirements,
    refusals: refusals.instance,
    face: instanceFace,
    observed: instanceObserved,
    presence: instancePresence,
    retentionMs: HOUR_MS,
  }),
  'vm-snapshot': kind({
    name: 'vm-snapshot',
    idPrefix: 'vms',
    rules: 1,
    machine: vmSnapshot,
    events: vmSnapshotEvents,
    commands: vmSnapshotCommands,
    requirements: vmSnapshotRequirements,
    refusals: refusals['vm-snapshot'],
    face: ({ instance, memory }: VmSnapshotContext) => ({ instance, memory }),
    observed: vmSnapshotObserved,
    presence: vmSnapshotPresence,
    retentionMs: HOUR_MS,
  }),
} as const

export type Kinds = typeof kinds
export type {
  Ask,
  Command,
  Completion,
  Envelope,
  FactSource,
  Json,
  Kind,
  MachineEvent,
  Want,
} from './grammar.ts'
export { Declined } from './grammar.ts'
export { refusals } from './refusals.ts'
export type {
  AccountContext,
  DomainContext,
  ImageContext,
  InstanceContext,
  KeyPairContext,
  OfferingContext,
  PoolContext,
  ScheduleContext,
  SnapshotContext,
  SnapshotGroupContext,
  VmSnapshotContext,
  VolumeContext,
}
