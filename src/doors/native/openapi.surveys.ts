/** The paths and schemas of surveys in the OpenAPI document. */
type Json = Record<string, unknown>

const word = { type: 'string' }
const number = { type: 'integer' }
const flag = { type: 'boolean' }
const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` })
const listOf = (name: string) => ({ type: 'array', items: reference(name) })
const object = (properties: Json, required = Object.keys(properties)) => ({ type: 'object', properties, required })
const milliseconds = { ...number, description: 'Milliseconds since 1970.' }
const found = reference('Found')

export const surveySchemas = {
  Thing: { ...object({ provider: word, kind: word, id: word }), additionalProperties: false },
  Finding: object(
    {
      class: { enum: ['orphan', 'ghost', 'drift', 'foreign'] },
      provider: word,
      kind: { ...word, description: 'As providers call it.' },
      id: word,
      sentence: word,
      resource: word,
      state: word,
      differences: { type: 'array', items: object({ fact: word, here: {}, there: {} }, ['fact']) },
      owner: word,
      madeAt: milliseconds,
      recorded: { ...flag, description: 'What was learned is in the history of the resource now.' },
    },
    ['class', 'provider', 'kind', 'id', 'sentence'],
  ),
  Found: { ...object({ count: number, listed: listOf('Finding') }), description: 'The first thousand are listed.' },
  KindSurvey: object({
    kind: word,
    known: { ...number, description: 'Here and there, and alike.' },
    unsettled: { ...number, description: 'Being changed, too young, or not seen clearly.' },
    ...{ orphan: found, ghost: found, drift: found, foreign: found },
  }),
  ProviderSurvey: object(
    {
      provider: word,
      at: milliseconds,
      endedAt: milliseconds,
      reachable: { ...flag, description: 'Whether all of it was seen.' },
      problem: word,
      kinds: listOf('KindSurvey'),
    },
    ['provider', 'at', 'endedAt', 'reachable', 'kinds'],
  ),
  SurveyReport: object({
    providers: listOf('ProviderSurvey'),
    found: { ...number, description: 'Orphans, ghosts and drift of all of them.' },
  }),
  Cleaned: object(
    { provider: word, kind: word, id: word, outcome: { enum: ['cleaned', 'absent'] }, token: word, recorded: flag },
    ['provider', 'kind', 'id', 'outcome', 'recorded'],
  ),
}

const json = (schema: Json) => ({ content: { 'application/json': { schema } } })
const answers = (description: string, name: string, failure: Json) => ({
  200: { description, ...json(reference(name)) },
  default: failure,
})

/** @param failure the answer to what was refused or failed */
export const surveyPaths = (failure: Json) => ({
  '/v1/survey': {
    get: {
      tags: ['survey'],
      summary: 'What the last survey of each provider found.',
      description: 'Takes the authority of operator.',
      responses: answers('Read. It is empty before the first survey.', 'SurveyReport', failure),
    },
    post: {
      tags: ['survey'],
      summary: 'Compares what providers show with what is known. Touches nothing there.',
      description: 'Takes the authority of operator.',
      requestBody: json({ type: 'object', properties: { provider: word }, additionalProperties: false }),
      responses: answers('Surveyed; a provider that is slow or gone is not reachable.', 'SurveyReport', failure),
    },
  },
  '/v1/survey/clean': {
    post: {
      tags: ['survey'],
      summary: 'Removes an orphan from its provider, if it is one still.',
      description: 'Takes the authority of operator.',
      requestBody: { required: true, ...json(reference('Thing')) },
      responses: answers('It is not there any more.', 'Cleaned', failure),
    },
  },
})
