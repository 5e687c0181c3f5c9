/**
 * Volumes of an instance that are moved to another pool. Where its provider moves only what nobody runs with, the
 * instance is off and is not started before that is over.
 */
import { ignore, needs } from './grammar.ts'
import type { InstanceContext, InstanceEventNamed as Named, Now } from './instance.alphabet.ts'

type Change = Partial<InstanceContext>
type Proposal = { readonly context: InstanceContext; readonly event: Named<'migrateProposed'> }

const named = ({ event }: Now) => (event as Named<'migrateProposed' | 'migrateEnded'>).data.volume

export const migrationRequirements = {
  notMigrating: ({ context }: Now) => context.volumesMigrating === undefined,
  migrateLive: ({ event }: Proposal) => event.data.live === true,
  /** They keep its disks where they are, unless it is asked by rules after which they move along. */
  lineageMovable: ({ context, event }: Proposal) =>
    context.lineage === undefined || event.data.withVmSnapshots === true,
}
export const migrationChoices = {
  migratingIt: (now: Now) => now.context.volumesMigrating?.includes(named(now)) === true,
}
/** Then it may start and stop meanwhile, and has nothing to wait for. */
const isLive = ({ event }: Now) => (event as Named<'migrateProposed'>).data.live
export const migrationChanges = {
  volumeMigrationBegun: (now: Now): Change =>
    isLive(now) ? {} : { volumesMigrating: [...(now.context.volumesMigrating ?? []), named(now)] },
  volumeMigrationEnded: (now: Now): Change => {
    const rest = now.context.volumesMigrating?.filter(each => each !== named(now)) ?? []
    return { volumesMigrating: rest.length ? rest : undefined }
  },
}

const always = ['lineageMovable', 'vmSnapshotIdle'] as const
/** Of one that runs, and of one that is stopped. */
export const migratableRunning = {
  'instance.migrateProposed': { guard: needs('migrateLive', ...always, 'connectionsSettled', 'notCapturing') },
} as const
export const migratableOff = {
  'instance.migrateProposed': { guard: needs('stopConfirmed', ...always), actions: 'volumeMigrationBegun' },
} as const
export const forgettingMigrations = {
  'instance.migrateEnded': [
    { guard: 'migratingIt', actions: 'volumeMigrationEnded' },
    ignore('no such volume of it is being moved'),
  ],
} as const
