/** Where an instance is reached: the address it has from the first launch to its end, and the name made of it. */
import { annotation } from './annotations.ts'
import { annotationsIn, type InstanceRow } from './instance-row.ts'

/** The address its launch asked for, else the one its provider gave it; none once it is terminated. (spec: ec2 2.10) */
export function privateAddress(row: InstanceRow): string | undefined {
  if (row.state === 'terminated') return undefined
  return annotation(annotationsIn(row), 'privateIpAddress') ?? row.attributes.privateAddress
}

/** The oldest region has a domain of its own. */
const domainOf = (region: string) => (region === 'us-east-1' ? 'ec2.internal' : `${region}.compute.internal`)

/** `ip-10-0-0-1.eu-west-1.compute.internal`; empty without an address. */
export const privateDnsName = (address: string | undefined, region: string): string =>
  address === undefined ? '' : `ip-${address.replaceAll('.', '-')}.${domainOf(region)}`
