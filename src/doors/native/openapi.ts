/** The OpenAPI 3.1 document, generated from the catalogue: what it says is what the server checks. */
import { z } from 'zod'
import { capacityScopes, type Kind } from '../../index.ts'
import { filterable } from './filters.ts'
import { rebuildPath } from './openapi.rebuild.ts'
import { schemas } from './openapi.schemas.ts'
import { surveyPaths, surveySchemas } from './openapi.surveys.ts'
import { isNamed } from './paths.ts'

type Json = Record<string, unknown>
type Columns = Readonly<Record<string, 'text' | 'integer' | 'real' | 'json'>>

const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` })
const json = (schema: Json) => ({ content: { 'application/json': { schema } } })
const failure = { description: 'Refused or failed; nothing was written.', ...json(reference('Failure')) }
const responses = (status: string, description: string, schema: Json) => ({
  [status]: { description, ...json(schema) },
  default: failure,
})
const inQuery = (name: string, schema: Json, description?: string) => ({ name, in: 'query', schema, description })
const inHeader = (name: string, description: string) => ({
  name,
  in: 'header',
  schema: { type: 'string' },
  description,
})
const listOf = (items: Json, next: Json) => ({ type: 'object', properties: { items: { type: 'array', items }, next } })
const word = { type: 'string' }
const atMoment = inQuery('at', word, 'As it was: a time such as 2026-11-01T10:00:00Z, or the position of an event.')
const count = { type: 'integer', minimum: 1, maximum: 1_000, default: 100 }
const dryRun = inQuery('dryRun', { type: 'boolean', default: false }, 'Decide, check, and write nothing.')
const idempotency = inHeader(
  'Idempotency-Key',
  'The same request with the same key is answered again, never done again.',
)

/**
 * The document for these kinds. The same kinds give the same text.
 * @param columns of the inventory: what a resource looks like to a reader, and what lists filter by
 */
export function openapi(kinds: readonly Kind[], columns: Columns): Json {
  const paths = Object.assign({}, ...kinds.map(kind => pathsOf(kind, columns)))
  return {
    openapi: '3.1.0',
    info: {
      title: 'stemma',
      version: '1',
      description: 'Lifecycle of cloud resources: every accepted command is one event.',
    },
    security: [{ token: [] }],
    paths: { ...paths, ...generalPaths() },
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { ...schemas, ...surveySchemas, Resource: resourceSchema(columns) },
    },
  }
}

function pathsOf(kind: Kind, columns: Columns): Json {
  const { name } = kind
  const what = isNamed(kind) ? `Its name, or ${name}/<name> encoded.` : `Begins with ${kind.idPrefix}-.`
  const parameters = [{ name: 'id', in: 'path', required: true, schema: word, description: what }]
  const filters = filterable(columns)
  const actions = { type: 'object', properties: { items: { type: 'array', items: reference('Action') } } }
  const get = (summary: string, schema: Json, more: readonly Json[] = parameters) => ({
    get: { tags: [name], summary, parameters: more, responses: responses('200', 'Read.', schema) },
  })
  const history = listOf(reference('Event'), { type: ['integer', 'null'], description: '`from` of the next page.' })
  return {
    [`/v1/${name}`]: get(
      `Lists resources of kind ${name}.`,
      listOf(reference('Resource'), { type: ['string', 'null'], description: '`cursor` of the next page.' }),
      [
        ...filters.map(each => inQuery(each, typeOf(columns[each]!))),
        inQuery('sort', word, 'Columns separated by commas; - before one for descending.'),
        inQuery('limit', count),
        inQuery('cursor', word),
        atMoment,
      ],
    ),
    [`/v1/${name}/{id}`]: get('Reads one.', reference('Resource'), [...parameters, atMoment]),
    [`/v1/${name}/{id}/history`]: get('Its events in order.', history, [
      ...parameters,
      inQuery('from', { type: 'integer', minimum: 1, default: 1 }, 'Version to begin at.'),
      inQuery('limit', count),
      atMoment,
    ]),
    [`/v1/${name}/{id}/story`]: get(
      'Its events and what was refused, with every ask, timer, cause and effect.',
      listOf({ type: 'object' }, { type: ['integer', 'null'], description: '`from` of the next page.' }),
      [
        ...parameters,
        inQuery('from', { type: 'integer', minimum: 1, default: 1 }, 'Version to begin at.'),
        inQuery('limit', count),
        atMoment,
      ],
    ),
    [`/v1/${name}/{id}/steps`]: get(
      'Its events, with what each changed in what the resource remembers.',
      { type: 'object', properties: { items: { type: 'array', items: { type: 'object' } } } },
      [...parameters, atMoment],
    ),
    [`/v1/${name}/{id}/why`]: get('Why it is in its state, and what it waits for.', { type: 'object' }, [
      ...parameters,
      atMoment,
    ]),
    [`/v1/${name}/{id}/actions`]: get('What would be accepted now, and for the rest why not.', actions),
    ...Object.fromEntries(Object.keys(kind.commands).map(verb => [`/v1/${name}/${verb}`, commandPath(kind, verb)])),
  }
}

function commandPath({ name, commands }: Kind, verb: string): Json {
  const { summary, input, creates, who } = commands[verb]!
  const wait = inQuery('wait', { const: 'settled' }, 'Answer when the resource has settled, or after 30 seconds.')
  const ifMatch = inHeader('If-Match', 'Refuse unless the resource is at this version.')
  return {
    post: {
      tags: [name],
      operationId: `${name}.${verb}`,
      summary,
      description: `Takes the authority of ${who}.`,
      parameters: [dryRun, wait, idempotency, ...(creates ? [] : [ifMatch])],
      requestBody: { required: true, ...json(bodySchema(input, creates)) },
      responses: responses(creates ? '201' : '200', 'Accepted, or nothing to do.', reference('Result')),
    },
  }
}

/** The input's own schema, and the id of the target unless the command makes it. */
function bodySchema(input: z.ZodType, creates: boolean): Json {
  const { $schema: _, ...schema } = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }) as Json
  if (creates) return schema
  const { properties, required = [] } = schema as { properties?: Json; required?: string[] }
  return { ...schema, properties: { id: word, ...properties }, required: ['id', ...required] }
}

function generalPaths(): Json {
  const get = (summary: string, more: Json) => ({ get: { tags: ['server'], summary, ...more } })
  const free = (description: string) => ({ security: [], responses: { '200': { description } } })
  return {
    '/v1/submit': {
      post: {
        tags: ['several'],
        summary: 'Several commands, decided atomically: all or none.',
        parameters: [dryRun, idempotency],
        requestBody: { required: true, ...json(reference('Submit')) },
        responses: responses('200', 'All accepted, or nothing to do.', {
          type: 'object',
          properties: { results: { type: 'array', items: reference('Result') } },
        }),
      },
    },
    ...surveyPaths(failure),
    ...rebuildPath(failure),
    '/v1/refusals': get('What was refused lately: the newest that match, newest last.', {
      parameters: [
        inQuery('resource', word),
        inQuery('account', word, "An operator's; others read their own."),
        inQuery('since', { type: 'integer', minimum: 0 }, 'Milliseconds since 1970.'),
        inQuery('limit', count),
        atMoment,
      ],
      responses: responses('200', 'Read. It is bounded, and not everything that was ever refused.', {
        type: 'object',
        properties: { items: { type: 'array', items: reference('Refusal') } },
      }),
    }),
    '/v1/providers': get('What each provider can do, and what follows from that; the default one first.', {
      responses: responses('200', 'Read.', {
        type: 'object',
        properties: { items: { type: 'array', items: reference('Provider') } },
      }),
    }),
    '/v1/providers/{name}': get('What one provider can do.', {
      parameters: [
        { name: 'name', in: 'path', required: true, schema: word },
        inQuery('image', word, 'What is left of it for instances of this image; the provider is asked.'),
      ],
      responses: responses('200', 'Read.', reference('Provider')),
    }),
    '/v1/usage': get('What was used in a period: a statement, and the records behind it.', {
      parameters: [
        inQuery('month', word, 'YYYY-MM, in UTC; or both from and to.'),
        inQuery('from', { type: 'integer', minimum: 0 }, 'Milliseconds since 1970, included.'),
        inQuery('to', { type: 'integer', minimum: 0 }, 'Milliseconds since 1970, not included.'),
        inQuery('account', word, "An operator's; others read their own."),
        inQuery('records', { type: 'boolean', default: false }, 'Also every record, not only the statement.'),
        atMoment,
      ],
      responses: responses('200', 'Read. Amounts are exact, as decimal text.', reference('Usage')),
    }),
    '/v1/limits': get('What accounts and domains have, and the most they may have.', {
      parameters: [
        inQuery('holder', word, "Such as account/acme or domain/lab; an operator's, others read their own."),
        inQuery('limit', count),
        inQuery('cursor', word),
        atMoment,
      ],
      responses: responses(
        '200',
        'Read.',
        listOf(reference('Limits'), { type: ['string', 'null'], description: '`cursor` of the next page.' }),
      ),
    }),
    '/v1/capacity': get('What takes storage: allocated, promised, held by VM snapshots, and measured.', {
      parameters: [
        inQuery(
          'by',
          { enum: [...capacityScopes] },
          "Default: account; an operator's: total. Pools and sums of several accounts are an operator's.",
        ),
        inQuery('of', word, 'One of them: an id, a name, or `<provider>/<zone>`.'),
        inQuery('explain', { type: 'boolean', default: false }, 'Also the events behind the figures, at most `limit`.'),
        inQuery('limit', count),
        inQuery('cursor', word),
        atMoment,
      ],
      responses: responses('200', 'Read. What nobody measured is null.', reference('Capacity')),
    }),
    '/v1/events': get('Events as they are committed.', {
      parameters: [
        inQuery('after', { type: 'integer', minimum: 0 }, 'Position of the last event seen; 0 for all.'),
        ...['kind', 'account', 'resource'].map(each => inQuery(each, word)),
        inHeader('Last-Event-ID', 'Id of the last event seen.'),
      ],
      responses: {
        '200': { description: 'A stream; the id of each is its position.', content: { 'text/event-stream': {} } },
        default: failure,
      },
    }),
    '/-/health': get('Whether everything is as it should be.', free('It lives.')),
    '/-/ready': get('Whether it takes requests.', {
      security: [],
      responses: { '200': { description: 'It does.' }, '503': { description: 'It is closing.' } },
    }),
    '/-/metrics': get('Its numbers, for Prometheus.', free('Text.')),
    '/openapi.json': get('This document.', free('JSON.')),
  }
}

const typeOf = (column: string): Json =>
  column === 'text' ? word : column === 'json' ? {} : { type: column === 'integer' ? 'integer' : 'number' }

const resourceSchema = (columns: Columns): Json => ({
  type: 'object',
  description: 'A resource as readers see it. What it does not have is null.',
  properties: Object.fromEntries(
    Object.entries(columns).map(([column, type]) => {
      const schema = typeOf(type)
      return [column, schema.type ? { type: [schema.type, 'null'] } : schema]
    }),
  ),
})
