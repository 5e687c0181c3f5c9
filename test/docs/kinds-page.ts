/** The reference of kinds, from the catalogue itself. */
import { z } from 'zod'
import type { Command, EventSpec, FactSource, Kind } from '../../machines/grammar.ts'
import { kinds } from '../../machines/index.ts'
import { Catalogue } from '../../src/runtime/catalogue.ts'

type JsonSchema = {
  properties?: Record<string, JsonSchema>
  required?: string[]
  type?: string
  enum?: unknown[]
  items?: JsonSchema
  anyOf?: JsonSchema[]
}

const typeOf = (schema: JsonSchema): string => {
  if (schema.enum) return schema.enum.map(each => `\`${each}\``).join(', ')
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(' or ')
  if (schema.items) return `list of ${typeOf(schema.items)}`
  return schema.type ?? 'anything'
}

/** `name`: type, for each field; what may be left out is marked. */
function fields(schema: z.ZodType): string {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
  }) as JsonSchema
  const lines = Object.entries(properties).map(
    ([name, each]) => `\`${name}\`${required.includes(name) ? '' : '?'} ${typeOf(each)}`,
  )
  return lines.length ? lines.join(' · ') : '–'
}

const source = (need: FactSource): string => {
  if (need.from === 'resource' || need.from === 'named') return `${need.kind} at \`${need.path}\``
  if (need.from === 'claim') return `claim on ${need.view}`
  return need.from
}

function commandRow(name: string, { summary, who, input, needs }: Command): string {
  const facts = Object.values(needs).map(source).join(', ') || '–'
  return `| \`${name}\` | ${summary} | ${who} | ${fields(input)} | ${facts} |`
}
const eventRow = (name: string, { origin, data }: EventSpec): string => `| \`${name}\` | ${origin} | ${fields(data)} |`

function refusalRow(name: string, { code, sentence }: Kind['refusals'][string]): string {
  const said = typeof sentence === 'string' ? sentence : '(depends on the resource)'
  return `| \`${code}\` | \`${name}\` | ${said} |`
}

function section(kind: Kind, catalogue: Catalogue): string {
  const { leaves } = catalogue.kind(kind.name).evaluator.chart
  const states = [...leaves.values()].map(({ path, tags }) => `\`${path}\` (${[...tags].join(', ')})`)
  return `## ${kind.name}

Ids begin with \`${kind.idPrefix}-\` or \`${kind.name}/\`. Rules version ${kind.rules}.

States: ${states.join(', ')}.

| command | what it does | who may | input | reads |
|---|---|---|---|---|
${Object.entries(kind.commands)
  .map(([name, each]) => commandRow(name, each))
  .join('\n')}

| event | origin | data |
|---|---|---|
${Object.entries(kind.events.specs)
  .map(([name, each]) => eventRow(name, each))
  .join('\n')}

| refusal | requirement | sentence |
|---|---|---|
${Object.entries(kind.refusals)
  .map(([name, each]) => refusalRow(name, each))
  .join('\n')}
`
}

export function kindsPage(): string {
  const catalogue = new Catalogue(Object.values(kinds))
  const intro = `# Kinds: commands, events, refusals

Generated from the catalogue by \`npm run docs\`; do not edit. Every command also has the runtime's own refusals: \`notFound\`, \`wrongState\`, \`notPermitted\`, \`alreadyExists\`, \`versionMismatch\`.
`
  return [intro, ...Object.values(kinds).map(kind => section(kind, catalogue))].join('\n')
}
