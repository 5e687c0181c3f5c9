/** Reservations: what one launch made, together. Describing never splits one. (spec: ec2 2.5, 11.3) */
import type { InstanceItem } from './instance-item.ts'
import type { InstanceRow } from './instance-row.ts'

export interface Reservation<Member> {
  readonly reservationId: string
  readonly members: readonly Member[]
}

/** The reservation of an instance that another door launched is its own. */
export const reservationOf = ({ id, attributes }: InstanceRow): string =>
  attributes.launchGroup ?? id.replace(/^i-/, 'r-')

const placeOf = ({ row }: { readonly row: InstanceRow }) => row.attributes.launchIndex ?? 0

/** Instances by reservation; in each, in the order of the launch. */
export function reservations<M extends { readonly row: InstanceRow }>(all: readonly M[]): readonly Reservation<M>[] {
  const groups = Map.groupBy(all, ({ row }) => reservationOf(row))
  return [...groups].map(([reservationId, members]) => ({
    reservationId,
    members: members.toSorted((one, other) => placeOf(one) - placeOf(other)),
  }))
}

/** In a VPC the groups are those of the instances. */
export const reservationItem = (reservationId: string, ownerId: string, instancesSet: readonly InstanceItem[]) => ({
  reservationId,
  ownerId,
  groupSet: [],
  instancesSet,
})
