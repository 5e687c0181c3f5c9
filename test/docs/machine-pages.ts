/** A page for each kind with its chart, written from its machine. */
import type { Kind } from '../../machines/grammar.ts'
import { kinds } from '../../machines/index.ts'
import { mermaid } from '../../src/replay/diagram/mermaid.ts'

const page = (kind: Kind): string => `# The states of ${kind.name}

Generated from the rules (version ${kind.rules}) by \`npm run docs\`; do not edit. What a state ignores, and what changes nothing but what is remembered, is not drawn. \`stemma diagram <id>\` draws the way of one resource on it.

\`\`\`mermaid
${mermaid(kind)}
\`\`\`
`

/** Path from the top of the repository to how the page is made. */
export const machinePages: Readonly<Record<string, () => string>> = Object.fromEntries(
  Object.values<Kind>(kinds).map(kind => [`docs/machines/${kind.name}.md`, () => page(kind)]),
)
