/** Reservations: what one launch made, together. Describing never splits one. (spec: ec2 2.5, 11.3) */
import type { InstanceItem } from './instance-item.ts'
import type { InstanceRow } from './instance-row.ts'

export interface Reservation {
  readonly reservationId: string
  readonly rows: readonly InstanceRow[]
}

/** The reservation of an instance that another door launched is its own. */
export const reservationOf = ({ id, attributes }: InstanceRow): string =>
  attributes.launchGroup ?? id.replace(/^i-/, 'r-')

/** Reservations in the order of their first instances; in each, the order of the launch. Rows come by time of launch. */
export function reservations(rows: readonly InstanceRow[]): readonly Reservation[] {
  const groups = Map.groupBy(rows, reservationOf)
  return [...groups].map(([reservationId, members]) => ({
    reservationId,
    rows: members.toSorted((a, b) => (a.attributes.launchIndex ?? 0) - (b.attributes.launchIndex ?? 0)),
  }))
}

/** In a VPC the groups are those of the instances. */
export const reservationItem = (reservationId: string, ownerId: string, instancesSet: readonly InstanceItem[]) => ({
  reservationId,
  ownerId,
  groupSet: [],
  instancesSet,
})
