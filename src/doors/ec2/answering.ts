/** From the pairs of a request to the text of its answer. (spec: ec2 2.3, 11.1) */
import type { Action, Call } from './action.ts'
import { Ec2Error, missing } from './errors.ts'
import { treeOf } from './form.ts'
import { flag, parametersOf, type Shape } from './parameters.ts'
import { translated } from './refusals.ts'
import { NAMESPACE_VERSION, responseOf } from './xml.ts'

const common: Shape = { DryRun: flag() }
/** Those of 2009 to 2016: each is answered in its own namespace. */
const versions = /^20(09|1[0-6])-\d\d-\d\d$/

export interface Answering {
  readonly action: Action
  /**
   * Reads the parameters, checks what they say alone, answers a dry run, and only then looks at the cloud. Throws
   * Ec2Error; what the engine refused is in the words of the protocol.
   */
  run(call: Omit<Call, 'parameters'>): Promise<string>
}

/** Finds the action and the version. Throws Ec2Error InvalidAction, NoSuchVersion, or what is wrong with the form. */
export function answering(
  pairs: readonly (readonly [string, string])[],
  actions: ReadonlyMap<string, Action>,
): Answering {
  const tree = treeOf(pairs)
  const word = (name: string): string | undefined => {
    const value = tree.get(name)
    if (typeof value !== 'string') return undefined
    tree.delete(name)
    return value
  }
  const name = word('Action')
  if (!name) throw missing('Action')
  const action = actions.get(name)
  if (!action)
    throw new Ec2Error('InvalidAction', `The action ${name.slice(0, 128)} is not valid for this web service.`)
  const version = word('Version') || NAMESPACE_VERSION
  if (!versions.test(version))
    throw new Ec2Error(
      'NoSuchVersion',
      `The requested version (${version.slice(0, 32)}) of service AmazonEC2 does not exist`,
    )
  return {
    action,
    async run(call) {
      const { DryRun, ...parameters } = parametersOf({ ...common, ...action.parameters }, tree)
      const asked = { ...call, parameters } as Call
      action.check(asked)
      if (DryRun) throw new Ec2Error('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.')
      try {
        return responseOf(action.name, version, call.requestId, await action.run(asked))
      } catch (error) {
        throw translated(error, parameters)
      }
    },
  }
}
