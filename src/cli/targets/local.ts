/** Commands on the file itself, when no server holds it: the same engine, opened for as long as the command takes. */
import { projections } from '../../../projections/index.ts'
import {
  type AccessToken,
  listResources,
  principalOf,
  providerSeen,
  readLimits,
  reportCapacity,
  reportUsage,
} from '../../doors/native/index.ts'
import { momentIn, readSteps, readStory, readWhy } from '../../index.ts'
import { asFound, type Cloud, openCloud } from '../compose.ts'
import { type Target, textOf } from '../target.ts'

/** The longest a command waits for its resource to settle. */
const WAIT_MS_MAX = 30_000

/**
 * Opens the file and acts on it as the principal of this access. Throws StoreError alreadyOpen.
 * @param moment what is read is as it was then
 * @param still nothing is woken by looking
 */
export async function local(data: string, access: AccessToken, moment?: string, still?: boolean): Promise<Target> {
  const cloud = await openCloud(asFound(data, still))
  try {
    return await targetOn(cloud, access, moment)
  } catch (error) {
    await cloud.close()
    throw error
  }
}

async function targetOn(cloud: Cloud, access: AccessToken, moment: string | undefined): Promise<Target> {
  const session = cloud.as(principalOf(access))
  const past = moment === undefined ? undefined : await cloud.at(momentIn(moment))
  const reading = past?.as(session.principal) ?? session

  const settled = async (id: string): Promise<string | null> => {
    const signal = AbortSignal.timeout(WAIT_MS_MAX)
    try {
      return await session.settled(id, { signal })
    } catch (error) {
      if (signal.aborted) return null
      throw error
    }
  }

  return {
    async submit(command, { wait, dryRun }) {
      const [result] = await session.submit([command], { dryRun })
      return wait && !dryRun ? { ...result!, settled: await settled(result!.id) } : result!
    },
    async list(kind, { where, sort, limit }) {
      return (
        await listResources(reading as typeof session, kind, { where, sort, limit }, projections.inventory.columns)
      ).items
    },
    get: async id => ({ ...(await reading.get(id)) }),
    story: async (id, fromVersion) => (await readStory(cloud, reading, id, { fromVersion })).entries,
    steps: id => readSteps(cloud, reading, id),
    why: id => readWhy(cloud, reading as typeof session, id, { isPast: past !== undefined }),
    actions: id => session.actions(id),
    providers: async () => cloud.providers.list(session.principal.region),
    provider: (name, image) => providerSeen(cloud, session, name, image),
    survey: provider => session.survey({ provider }),
    clean: orphan => session.clean(orphan),
    rebuild: views => session.rebuild(...views),
    limits: query => readLimits(past ?? cloud, session, textOf(query)),
    usage: query => reportUsage(past ?? cloud, session, textOf(query)),
    capacity: query => reportCapacity(past ?? cloud, session, textOf(query)),
    close: () => cloud.close(),
  }
}
