/** Tables for people: no borders, columns as wide as what is in them, colour only where it is wanted. */
import { styleText } from 'node:util'
import Table from 'cli-table3'
import { kinds } from '../../machines/index.ts'

type Style = Parameters<typeof styleText>[0]

/** The text in a style, or as it is where NO_COLOR is set or nobody looks. */
export const styled = (style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string =>
  styleText(style, text, { stream })

const none = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right']
const inner = ['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle']
const borderless = Object.fromEntries([...none, ...inner].map(each => [each, each === 'middle' ? '  ' : '']))

/** Lines of a table with a heading; empty cells for what is not there. */
export function table(heading: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const style = { head: [], border: [], 'padding-left': 0, 'padding-right': 0 }
  const made = new Table({ head: heading.map(each => styled('bold', each)), chars: borderless, style })
  for (const row of rows) made.push(row.map(each => (each === undefined || each === null ? '' : String(each))))
  return made
    .toString()
    .split('\n')
    .map(line => line.trimEnd())
    .join('\n')
}

/** A state in the colour of what it is: on its way, ended, in trouble, or at rest. */
export function coloured(kind: string, state: string): string {
  if (/error|fail|impaired/i.test(state)) return styled('red', state)
  const tags = tagsOf(kind, state)
  if (tags.includes('terminal')) return styled('dim', state)
  return tags.includes('working') ? styled('cyan', state) : styled('green', state)
}

function tagsOf(kindName: string, state: string): readonly string[] {
  const kind = Object.values(kinds).find(each => each.name === kindName)
  // The state a reader sees may have states within it; a tag of one of them is a tag of it here.
  const node = kind?.machine.states[state]
  return node ? [node, ...Object.values(node.states)].flatMap(each => each.tags) : []
}

/** Milliseconds since 1970 as a time in UTC. */
export const time = (at: unknown): string => (typeof at === 'number' && at > 0 ? new Date(at).toISOString() : '')
