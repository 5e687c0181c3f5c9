/**
 * Ids of zones: `use1-az1` for `us-east-1a`. On EC2 they tell zones of different accounts apart, whose letters are
 * shuffled; here every account has the same zones.
 */

const PLACE = /^([a-z]+)-((?:north|south|east|west|central)+)-(\d+)$/

/** `us-east-1` is `use1`, `ap-southeast-2` is `apse2`; a region named otherwise stands for itself. */
function abbreviated(region: string): string {
  const [, place, direction = '', number] = PLACE.exec(region) ?? []
  if (place === undefined) return region
  const words = direction.match(/north|south|east|west|central/g) ?? []
  return `${place}${words.map(word => word[0]).join('')}${number}`
}

/** The id of a zone of a region. A zone that is no letter after its region is known by its name. */
export function zoneIdOf(region: string, zone: string): string {
  const letter = zone.startsWith(region) ? zone.slice(region.length) : ''
  if (!/^[a-z]$/.test(letter)) return zone
  return `${abbreviated(region)}-az${letter.charCodeAt(0) - 'a'.charCodeAt(0) + 1}`
}
