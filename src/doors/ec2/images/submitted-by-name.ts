/** A command that takes a name for a new image; what is refused says of which image, and of which snapshot. */
import { type CommandInput, type CommandResult, Refused } from '../../../index.ts'
import type { Call } from '../action.ts'
import { Ec2Error } from '../errors.ts'
import { wireId } from '../refusals.ts'
import { checkCompleted } from '../snapshots/snapshot-row.ts'

type Caller = Pick<Call, 'session' | 'engine' | 'account' | 'region'>
interface Input {
  readonly name: string
  readonly blockDevices?: readonly { readonly snapshot?: string }[]
  readonly [field: string]: unknown
}
type Submit = (commands: readonly CommandInput[]) => Promise<readonly CommandResult[]>

/**
 * The id of the new image, on the wire.
 * @param submit how it is submitted; with a token, for requests that have one
 * Throws Ec2Error InvalidAMIName.Duplicate, InvalidSnapshot.NotFound, IncorrectState, and what the engine throws.
 */
export async function submittedByName(
  call: Caller,
  command: string,
  input: Input,
  submit: Submit = commands => call.session.submit(commands),
): Promise<string> {
  try {
    const [made] = await submit([{ kind: 'image', command, input }])
    return wireId(made!.id)
  } catch (error) {
    if (error instanceof Refused) await explain(call, input, error)
    throw error
  }
}

/** The engine says that a snapshot is not completed, and that a name is taken: not what became of it, nor by which. */
async function explain({ session, engine, account, region }: Caller, input: Input, refused: Refused): Promise<void> {
  const { name, blockDevices = [] } = input
  const codes = new Set(refused.reasons.map(({ code }) => code))
  if (codes.has('snapshotNotCompleted'))
    for (const { snapshot } of blockDevices) if (snapshot) await checkCompleted({ account, session }, snapshot)
  if (!codes.has('nameTaken') || codes.size > 1) return
  const holder = await engine.views.names!.get(`${account}/${region.name}/image/${name}`)
  const by = holder ? wireId(holder.id) : 'another image'
  throw new Ec2Error('InvalidAMIName.Duplicate', `AMI name ${name} is already in use by AMI ${by}`, { cause: refused })
}
