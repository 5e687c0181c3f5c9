/** Resources that have tags, and how the wire calls their kinds. (spec: ec2 9) */
import { Ec2Error, missing } from '../errors.ts'
import { list, structure, text } from '../parameters.ts'
import { engineId } from '../refusals.ts'

export const resourceIdParameter = list(text()).required(() => missing('resourceIdSet'))
export const tagParameter = list(structure({ Key: text(), Value: text() }))

/** Kind of the engine to type of resource on the wire. */
export const taggedKinds: Readonly<Record<string, string>> = {
  instance: 'instance',
  volume: 'volume',
  snapshot: 'snapshot',
  image: 'image',
  'key-pair': 'key-pair',
}
const kindOfPrefix: Readonly<Record<string, string>> = {
  i: 'instance',
  vol: 'volume',
  snap: 'snapshot',
  ami: 'image',
  key: 'key-pair',
}

export interface Tagged {
  readonly kind: string
  /** Of the engine. */
  readonly id: string
}

/** Which resources are meant, each once. Throws Ec2Error InvalidID for what is the id of nothing that has tags. */
export function taggedIn(ids: readonly string[]): readonly Tagged[] {
  return [...new Set(ids)].map(id => {
    const [, prefix = ''] = /^([a-z]+)-/.exec(id) ?? []
    const kind = Object.hasOwn(kindOfPrefix, prefix) ? kindOfPrefix[prefix] : undefined
    if (kind) return { kind, id: engineId(id) }
    throw new Ec2Error('InvalidID', `The ID '${id.slice(0, 128)}' is not valid`)
  })
}
