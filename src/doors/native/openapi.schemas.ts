/** Shapes of the OpenAPI document that do not depend on the kinds. */
const word = { type: 'string' } as const
const words = { type: 'array', items: word } as const
const number = { type: 'integer' } as const
const flag = { type: 'boolean' } as const

const reason = {
  type: 'object',
  properties: { requirement: word, code: word, sentence: word },
  required: ['requirement', 'code', 'sentence'],
}
const reasons = { type: 'array', items: { $ref: '#/components/schemas/Reason' } }
const refusal = { resource: word, state: word, reasons, allowed: words }

const amounts = { type: 'object', additionalProperties: number }
const bytes = { type: 'integer', minimum: 0 } as const
const measured = { type: ['integer', 'null'], minimum: 0 } as const
const capacity = {
  type: 'object',
  properties: {
    by: word,
    key: word,
    account: word,
    provider: word,
    zone: word,
    pool: word,
    instance: word,
    settings: { type: 'object', description: 'Of a pool: its size, factor, thresholds, and what it may be filled to.' },
    volumes: bytes,
    allocatedBytes: bytes,
    requestedBytes: bytes,
    reclaimableBytes: bytes,
    snapshotLayers: bytes,
    visibleLayers: bytes,
    branchBytes: bytes,
    upperBoundBytes: bytes,
    memoryBytes: bytes,
    committedBytes: bytes,
    worstCaseBytes: bytes,
    physicalBytes: measured,
    physicalAsOf: measured,
    measuredVolumes: bytes,
    snapshotBytesOnPrimary: bytes,
  },
}
const usage = {
  type: 'object',
  description: 'Amounts in hours, and exactly in ms, as decimal text.',
  properties: {
    account: word,
    series: word,
    sort: word,
    resource: word,
    resources: number,
    hours: word,
    vcpuHours: word,
    gibHours: word,
    durationMs: word,
    vcpuMs: word,
    byteMs: word,
  },
}

export const schemas = {
  Reason: reason,
  Failure: {
    type: 'object',
    properties: {
      error: {
        type: 'object',
        properties: {
          code: { ...word, description: 'Stable and machine readable.' },
          message: word,
          field: { ...word, description: 'What was wrong with the request, as a dotted path.' },
          issues: { type: 'array', items: { type: 'object', properties: { field: word, message: word } } },
          ...refusal,
          refusals: {
            type: 'array',
            items: { type: 'object', properties: { command: word, kind: word, index: number, ...refusal } },
          },
          archives: { type: 'array', items: word, description: 'With `pruned`: where what was asked for is.' },
          after: { ...number, description: 'With `pruned`: what comes after this position can be read without them.' },
        },
        required: ['code', 'message'],
      },
    },
    required: ['error'],
  },
  Result: {
    type: 'object',
    properties: {
      outcome: { enum: ['accepted', 'unchanged'] },
      id: word,
      kind: word,
      previousState: word,
      state: word,
      version: number,
      position: { ...number, description: 'Of its event; 0 when unchanged.' },
      warnings: {
        type: 'array',
        description: 'It was done, but not as asked. Each is also a header X-Lifecycle-Warning.',
        items: { type: 'object', properties: { code: word, sentence: word }, required: ['code', 'sentence'] },
      },
      settled: { type: ['string', 'null'], description: 'With wait=settled: the state it came to, or null.' },
    },
    required: ['outcome', 'id', 'kind', 'previousState', 'state', 'version', 'position'],
  },
  Action: {
    type: 'object',
    properties: {
      command: word,
      answer: { enum: ['accepted', 'unchanged', 'refused', 'depends'] },
      reasons,
      on: words,
    },
    required: ['command', 'answer'],
  },
  Submit: {
    type: 'object',
    properties: {
      commands: {
        type: 'array',
        minItems: 1,
        items: {
          type: 'object',
          properties: { kind: word, command: word, id: word, input: { type: 'object' }, expectedVersion: number },
          required: ['kind', 'command'],
          additionalProperties: false,
        },
      },
    },
    required: ['commands'],
    additionalProperties: false,
  },
  Limits: {
    type: 'object',
    properties: {
      key: { ...word, description: 'account/<name> or domain/<name>.' },
      above: { ...word, description: 'The domain it counts in as well.' },
      used: amounts,
      limits: amounts,
    },
  },
  Capacity: {
    type: 'object',
    properties: {
      items: { type: 'array', items: capacity },
      next: { type: ['string', 'null'], description: '`cursor` of the next page.' },
      explanation: {
        type: 'object',
        properties: {
          parts: {
            type: 'array',
            items: { type: 'object', properties: { of: word, cause: { type: 'object' }, amounts } },
          },
          isWhole: { type: 'boolean' },
        },
      },
    },
  },
  Usage: {
    type: 'object',
    properties: {
      fromMs: number,
      toMs: number,
      asOfMs: { ...number, description: 'What goes on is counted up to here.' },
      statement: { type: 'array', items: usage },
      records: { type: 'array', items: usage },
    },
  },
  Refusal: {
    type: 'object',
    properties: {
      at: { ...number, description: 'Milliseconds since 1970.' },
      position: { ...number, description: 'Last of the log when it was decided.' },
      account: word,
      actor: word,
      region: word,
      command: { ...word, description: '<kind>.<command>' },
      index: { ...number, description: 'Place of the command in its submit.' },
      resource: { ...word, description: 'The one that said no.' },
      kind: word,
      state: word,
      version: number,
      digest: word,
      reasons,
      token: word,
      input: {},
      event: { type: 'object', properties: { type: word, schema: number, data: {} } },
      facts: {},
      isCut: { type: 'boolean', description: 'Something of it was too long or secret.' },
    },
    required: ['at', 'position', 'account', 'actor', 'command', 'resource', 'kind', 'state', 'reasons'],
  },
  Provider: {
    type: 'object',
    properties: {
      name: word,
      capabilities: { type: 'object', description: 'As its driver declares them, with the zones of the region.' },
      answers: {
        type: 'object',
        properties: {
          stateful: { ...flag, description: 'What is stopped keeps its disk, and starts again with it.' },
          statelessNative: { ...flag, description: 'The provider makes a disk for each launch, and deletes it.' },
          statelessByEngine: { ...flag, description: 'The same can be done by making and deleting volumes.' },
          launchClones: { ...flag, description: 'Launching makes a disk of its own.' },
          rootDeletedBy: { enum: ['provider', 'providerIfTold', 'engine', 'nobody'] },
          stopValid: { ...flag, description: 'A stop of some instance is valid.' },
          clones: { enum: ['volumes', 'roots', 'none'], description: 'What volume.create makes from an image.' },
          launchesOn: { enum: ['volumes', 'clones', 'none'], description: 'What instance.launch takes as rootVolume.' },
        },
      },
    },
    required: ['name', 'capabilities', 'answers'],
  },
  Event: {
    type: 'object',
    properties: {
      position: number,
      resource: word,
      kind: word,
      version: number,
      type: word,
      origin: { enum: ['requested', 'reported', 'elapsed', 'told', 'proposed'] },
      at: { ...number, description: 'Milliseconds since 1970.' },
      before: word,
      state: word,
      data: {},
      facts: {},
      wants: { type: 'array', items: { type: 'object' } },
      rules: number,
      schema: number,
      account: word,
      region: word,
      actor: word,
      token: word,
      correlation: number,
      causation: number,
      answers: word,
      dueAt: number,
      digest: word,
    },
    required: ['position', 'resource', 'kind', 'version', 'type', 'origin', 'at', 'before', 'state', 'data', 'digest'],
  },
}
