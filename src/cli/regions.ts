/** The regions a server offers when nobody says otherwise: the names that EC2 clients know, the default first. */

export interface Region {
  readonly name: string
  /** The default zone first. */
  readonly zones: readonly string[]
}

const letters = (name: string, count: number): Region => ({
  name,
  zones: ['a', 'b', 'c', 'd', 'e', 'f'].slice(0, count).map(letter => `${name}${letter}`),
})

export const regionsDefault: readonly Region[] = [
  letters('us-east-1', 6),
  letters('us-east-2', 3),
  letters('us-west-1', 2),
  letters('us-west-2', 4),
  letters('ca-central-1', 3),
  letters('sa-east-1', 3),
  letters('eu-west-1', 3),
  letters('eu-west-2', 3),
  letters('eu-west-3', 3),
  letters('eu-central-1', 3),
  letters('eu-north-1', 3),
  letters('ap-south-1', 3),
  letters('ap-northeast-1', 3),
  letters('ap-northeast-2', 4),
  letters('ap-southeast-1', 3),
  letters('ap-southeast-2', 3),
]

/** What a provider of these regions declares: all their zones, and whose each is. */
export const placesOf = (regions: readonly Region[]) => ({
  zones: regions.flatMap(each => each.zones),
  regions: Object.fromEntries(regions.map(({ name, zones }) => [name, [...zones]])),
})
