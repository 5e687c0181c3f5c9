/** A command that takes a name for a new image; if it is taken, the answer says by which. (spec: ec2 5.2) */
import { Refused } from '../../../index.ts'
import type { Call } from '../action.ts'
import { Ec2Error } from '../errors.ts'
import { wireId } from '../refusals.ts'

type Caller = Pick<Call, 'session' | 'engine' | 'account' | 'region'>

/** The id of the new image. Throws Ec2Error InvalidAMIName.Duplicate, and what the engine throws. */
export async function submittedByName(
  { session, engine, account, region }: Caller,
  command: string,
  input: { readonly name: string; readonly [field: string]: unknown },
): Promise<string> {
  try {
    const [made] = await session.submit([{ kind: 'image', command, input }])
    return made!.id
  } catch (error) {
    const isTaken = error instanceof Refused && error.reasons.some(({ code }) => code === 'nameTaken')
    const isAlone = isTaken && error.reasons.length === 1
    if (!isAlone) throw error
    const holder = await engine.views.names!.get(`${account}/${region.name}/image/${input.name}`)
    const by = holder ? wireId(holder.id) : 'another image'
    throw new Ec2Error('InvalidAMIName.Duplicate', `AMI name ${input.name} is already in use by AMI ${by}`, {
      cause: error,
    })
  }
}
