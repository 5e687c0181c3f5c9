/** Types of volumes, as requests name them. */

export const volumeTypes = ['standard', 'io1', 'io2', 'gp2', 'gp3', 'st1', 'sc1'] as const
/** What a volume is that nobody gave a type. (spec: ec2 3.3) */
export const VOLUME_TYPE_DEFAULT = 'gp2'

/** The rate of a volume: of type gp2 it follows from its size, of others it is what was chosen. */
export function iopsOf(type: string, gibibytes: number, chosen: number | undefined): number | undefined {
  if (type !== 'gp2') return chosen
  return Math.min(16_000, Math.max(100, 3 * gibibytes))
}
