/** From the pairs of a request to the text of its answer. (spec: ec2 2.3, 11.1) */
import type { Action, Call } from './action.ts'
import { Ec2Error, missing } from './errors.ts'
import { treeOf } from './form.ts'
import { flag, parametersOf, type Shape } from './parameters.ts'
import { NAMESPACE_VERSION, responseOf } from './xml.ts'

const common: Shape = { DryRun: flag() }

/**
 * Finds the action and the version. Throws Ec2Error InvalidAction, NoSuchVersion, or what is wrong with the form. `run`
 * reads the parameters (and shows them to `heard`), checks what they say alone, answers a dry run, and only then looks
 * at the cloud.
 */
export function answering(pairs: readonly [string, string][], actions: ReadonlyMap<string, Action>) {
  const tree = treeOf(pairs)
  const word = (name: string): string | undefined => {
    const value = tree.get(name)
    tree.delete(name)
    return typeof value === 'string' ? value : undefined
  }
  const name = word('Action')
  if (!name) throw missing('Action')
  const action = actions.get(name)
  if (!action)
    throw new Ec2Error('InvalidAction', `The action ${name.slice(0, 128)} is not valid for this web service.`)
  const version = word('Version') ?? NAMESPACE_VERSION
  if (!/^20(09|1\d)-\d\d-\d\d$/.test(version))
    throw new Ec2Error(
      'NoSuchVersion',
      `The requested version (${version.slice(0, 32)}) of service AmazonEC2 does not exist`,
    )
  return {
    action,
    async run(call: Omit<Call, 'parameters'>, heard: (parameters: Record<string, unknown>) => void): Promise<string> {
      const { DryRun, ...parameters } = parametersOf({ ...common, ...action.parameters }, tree)
      heard(parameters)
      const asked = { ...call, parameters } as Call
      action.check(asked)
      if (DryRun) throw new Ec2Error('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.')
      return responseOf(action.name, version, call.requestId, await action.run(asked))
    },
  }
}
