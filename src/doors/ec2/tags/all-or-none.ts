/** One command for each resource, in one transaction; what does not exist is answered as EC2 does for tags. */
import { type CommandInput, Refused } from '../../../index.ts'
import type { Call } from '../action.ts'
import { Ec2Error } from '../errors.ts'
import { wireId } from '../refusals.ts'

/** States in which the engine still shows for a while what EC2 does not know any more. */
const gone: ReadonlySet<string> = new Set(['absent', 'deleting', 'deleted', 'deregistered'])

/** Throws Ec2Error InvalidID with every id that does not exist, or no longer. */
export async function allOrNone({ session }: Pick<Call, 'session'>, commands: readonly CommandInput[]): Promise<void> {
  try {
    await session.submit(commands)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    const missing = error.refusals.filter(
      ({ state, reasons }) => reasons[0]?.code === 'notFound' || (reasons[0]?.code === 'wrongState' && gone.has(state)),
    )
    if (missing.length === 0) throw error
    const ids = missing.map(({ resource }) => wireId(resource))
    const [noun, verb] = ids.length === 1 ? ['ID', 'is'] : ['IDs', 'are']
    throw new Ec2Error('InvalidID', `The ${noun} '${ids.join(', ')}' ${verb} not valid`, { cause: error })
  }
}
