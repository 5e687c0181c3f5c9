/** The kind that an id belongs to, by how it looks. */
import { type Kind, kinds } from '../index.ts'
import { usage } from './failure.ts'

const all: readonly Kind[] = Object.values(kinds)

/** Throws Failure (usage) if no kind has ids like this. */
export function kindOf(id: string): Kind {
  const found = all.find(({ name, idPrefix }) => id.startsWith(`${idPrefix}-`) || id.startsWith(`${name}/`))
  if (found) return found
  const shapes = all.map(({ name, idPrefix, commands }) =>
    Object.values(commands).some(each => each.namedBy) ? `${name}/…` : `${idPrefix}-…`,
  )
  throw usage(`'${id}' is the id of nothing known here; ids look like ${shapes.join(', ')}.`, 'id')
}
