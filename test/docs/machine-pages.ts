/** A page for each kind with its chart, as an image and as text, written from its machine. */
import type { Kind } from '../../machines/grammar.ts'
import { kinds } from '../../machines/index.ts'
import { svg } from '../../src/cli/diagram/svg.ts'
import { graph } from '../../src/replay/diagram/graph.ts'
import { mermaid } from '../../src/replay/diagram/mermaid.ts'

const page = (kind: Kind): string => `# The states of ${kind.name}

Generated from the rules (version ${kind.rules}) by \`npm run docs\`; do not edit. What a state ignores, and what changes nothing but what is remembered, is not drawn. \`stemma diagram <id>\` draws the way of one resource on it, and \`stemma diagram ${kind.name} --format json\` prints the whole definition for editors of XState.

![The states of ${kind.name}, with the events and the first guards of each way](${kind.name}.svg)

The same as text:

\`\`\`mermaid
${mermaid(kind)}
\`\`\`
`

/** Path from the top of the repository to how the page is made. */
export const machinePages: Readonly<Record<string, () => string | Promise<string>>> = Object.fromEntries(
  Object.values<Kind>(kinds).flatMap(kind => [
    [`docs/machines/${kind.name}.md`, () => page(kind)],
    [`docs/machines/${kind.name}.svg`, () => svg(graph(kind))],
  ]),
)
