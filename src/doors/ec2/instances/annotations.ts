/**
 * What EC2 knows of an instance and the engine has no rule for: kept beside it as texts, under `ec2/` and the path it
 * has on the wire, and shown again as it came. `placement.tenancy` is kept as `ec2/placement.tenancy`.
 */
export type Annotations = Readonly<Record<string, string>>

const PREFIX = 'ec2/'

/** Every leaf of the given parameters by its path, first letters in lower case; what is not given is left out. */
export function annotationsOf(given: Readonly<Record<string, unknown>>, path = PREFIX): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [name, value] of Object.entries(given)) {
    const key = `${path}${name.charAt(0).toLowerCase()}${name.slice(1)}`
    if (value === undefined) continue
    if (typeof value === 'object' && value !== null)
      Object.assign(found, annotationsOf(value as Readonly<Record<string, unknown>>, `${key}.`))
    else found[key] = String(value)
  }
  return found
}

/** One of them by its path, e.g. `clientToken`. */
export const annotation = (annotations: Annotations, path: string): string | undefined =>
  Object.hasOwn(annotations, PREFIX + path) ? annotations[PREFIX + path] : undefined

/** All under a path, e.g. those of `placement`; undefined if there is none. */
export function annotationGroup(annotations: Annotations, path: string): Record<string, string> | undefined {
  const prefix = `${PREFIX}${path}.`
  const found = Object.entries(annotations).filter(([key]) => key.startsWith(prefix))
  return found.length ? Object.fromEntries(found.map(([key, value]) => [key.slice(prefix.length), value])) : undefined
}

/** The key under which a path is kept, to write or remove it. */
export const annotationKey = (path: string): string => PREFIX + path
