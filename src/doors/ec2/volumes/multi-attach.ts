import { Ec2Error } from '../errors.ts'

/** Types whose volumes several instances could use at once, where a provider lets them. */
const types: ReadonlySet<string> = new Set(['io1', 'io2'])

/** A volume is used by one instance at a time. Throws Ec2Error if it is asked to be used by several. */
export function checkOneInstance(isAsked: boolean | undefined, type: string): void {
  if (!isAsked) return
  if (!types.has(type))
    throw new Ec2Error('InvalidParameterDependency', `Multi-Attach is not supported for volumes of type ${type}.`)
  throw new Ec2Error('UnsupportedOperation', 'Multi-Attach is not supported: a volume is used by one instance.')
}
