/** The reference of the EC2 door, from its actions and its catalogue of codes. */
import { type ErrorCode, errorCodes, statusOf } from '../../src/doors/ec2/error-codes.ts'
import { imageActions } from '../../src/doors/ec2/images/index.ts'
import type { Action } from '../../src/doors/ec2/index.ts'
import { instanceActions } from '../../src/doors/ec2/instances/index.ts'
import { keyActions } from '../../src/doors/ec2/key-pairs/index.ts'
import { networkActions } from '../../src/doors/ec2/networks/index.ts'
import type { ParameterType, Shape } from '../../src/doors/ec2/parameters.ts'
import { regionActions } from '../../src/doors/ec2/regions/index.ts'
import { snapshotActions } from '../../src/doors/ec2/snapshots/index.ts'
import { tagActions } from '../../src/doors/ec2/tags/index.ts'
import { volumeActions } from '../../src/doors/ec2/volumes/index.ts'

const sections: Readonly<Record<string, readonly Action[]>> = {
  Instances: instanceActions,
  Volumes: volumeActions,
  Snapshots: snapshotActions,
  Images: imageActions,
  Tags: tagActions,
  'Key pairs': keyActions,
  'Regions and the account': regionActions,
  'The default network': networkActions,
}

const isType = (below: Shape | ParameterType<unknown>): below is ParameterType<unknown> =>
  typeof below.read === 'function'

/** As they stand in a form, with letters for the numbers of lists. */
function parametersOf(name: string, type: ParameterType<unknown>, isNeeded: boolean, letters = 'NMKL'): string[] {
  const { below, words } = type
  if (below === undefined) return [`${isNeeded ? `**\`${name}\`**` : `\`${name}\``} ${words}`]
  if (isType(below)) return parametersOf(`${name}.${letters[0]}`, below, isNeeded, letters.slice(1))
  return Object.entries(below).flatMap(([part, each]) =>
    parametersOf(`${name}.${part}`, each, isNeeded && each.isRequired, letters),
  )
}

function entry({ name, summary, parameters }: Action): string {
  const all = Object.entries(parameters as Shape).flatMap(([each, type]) => parametersOf(each, type, type.isRequired))
  return `### ${name}\n\n${summary}\n\n${all.join(' · ') || 'No parameters.'}\n`
}

const codeRow = (code: ErrorCode): string => `| \`${code}\` | ${statusOf(code)} | ${errorCodes[code].when} |`

export function ec2ActionsPage(): string {
  return `# EC2 actions, parameters and errors

Generated from the actions by \`npm run docs\`; do not edit. [The EC2 door](../ec2.md) says how to use them.

Every action takes \`Action\`, \`Version\` (any of 2009 to 2016; the answer is in its namespace) and \`DryRun\`. Parameters in **bold** are always needed. N, M, … are numbers from 1, with gaps if you like. Times are ISO 8601. Anything else is refused by name.

${Object.entries(sections)
  .map(([title, actions]) => `## ${title}\n\n${actions.map(entry).join('\n')}`)
  .join('\n')}
## Errors

| code | HTTP | when |
|---|---|---|
${(Object.keys(errorCodes) as ErrorCode[]).map(codeRow).join('\n')}
`
}
