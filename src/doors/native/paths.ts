/** Ids in paths: those of kinds named by their creator (`offering/small`) may leave their kind away. */
import { InvalidRequest, type Kind } from '../../index.ts'
import type { AnyEngine } from './engine.ts'

/** Whether resources of this kind are called by a name somebody chose. */
export const isNamed = ({ commands }: Kind): boolean => Object.values(commands).some(each => each.namedBy !== undefined)

/** The id meant by what stands in a path or a body: `small` and `offering/small` are the same offering. */
export const idMeant = (kind: Kind, given: string): string =>
  isNamed(kind) && !given.includes('/') ? `${kind.name}/${given}` : given

/** The id of a resource of this kind. Throws InvalidRequest: unknownKind; wrongKind for the id of another kind. */
export function readId(engine: AnyEngine, kindName: string, given: string): string {
  const { kind } = engine.catalogue.kind(kindName)
  const id = idMeant(kind, given)
  if (id === '' || id.length > 256)
    throw new InvalidRequest('invalidInput', 'id', 'id: an id is a text of 1 to 256 characters.')
  const other = engine.catalogue.ofId(id)?.kind.name
  if (other === undefined || other === kind.name) return id
  throw new InvalidRequest('wrongKind', 'id', `'${id}' is the id of a ${other}, not of a ${kind.name}.`)
}

/** Where a resource is read. */
export function pathOf(kind: Kind, id: string): string {
  const short = isNamed(kind) ? id.slice(kind.name.length + 1) : id
  return `/v1/${kind.name}/${encodeURIComponent(short)}`
}
