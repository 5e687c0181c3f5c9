/** Ids as clients know them: an image is `ami-` there and `img-` in the engine, with the same digits. */
export const wireId = (id: string): string => id.replace(/^img-/, 'ami-')
export const engineId = (id: string): string => id.replace(/^ami-/, 'img-')
/** A sentence of the engine with the ids that clients know. */
export const inWireIds = (sentence: string): string => sentence.replace(/\bimg-(?=[0-9a-f])/g, 'ami-')

const kindsByPrefix: Readonly<Record<string, string>> = {
  i: 'instance',
  vol: 'volume',
  snap: 'snapshot',
  img: 'image',
  ami: 'image',
  key: 'key-pair',
}

/** The kind that an id of the engine or of the wire says it is of; undefined for others. Named things are `kind/name`. */
export function kindOfId(id: string): string | undefined {
  const [, name, prefix] = /^(?:([a-z-]+)\/|([a-z]+)-[0-9a-f])/.exec(id) ?? []
  if (name) return name
  return prefix !== undefined && Object.hasOwn(kindsByPrefix, prefix) ? kindsByPrefix[prefix] : undefined
}
