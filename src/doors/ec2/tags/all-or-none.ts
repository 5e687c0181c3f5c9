/** One command for each resource, in one transaction; what does not exist is answered as EC2 does for tags. */
import { type CommandInput, Refused } from '../../../index.ts'
import type { Call } from '../action.ts'
import { Ec2Error } from '../errors.ts'
import { wireId } from '../refusals.ts'

/** Throws Ec2Error InvalidID with every id that does not exist. */
export async function allOrNone({ session }: Pick<Call, 'session'>, commands: readonly CommandInput[]): Promise<void> {
  try {
    await session.submit(commands)
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== 'notFound') throw error
    const ids = error.refusals.map(({ resource }) => wireId(resource))
    const [noun, verb] = ids.length === 1 ? ['ID', 'is'] : ['IDs', 'are']
    throw new Ec2Error('InvalidID', `The ${noun} '${ids.join(', ')}' ${verb} not valid`, { cause: error })
  }
}
