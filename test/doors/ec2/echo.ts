/** An action that answers with what it was asked: the door can be tried without any other. */
import { action } from '../../../src/doors/ec2/action.ts'
import { Ec2Error } from '../../../src/doors/ec2/errors.ts'
import type { Action } from '../../../src/doors/ec2/index.ts'
import { base64, flag, integer, list, structure, text, time } from '../../../src/doors/ec2/parameters.ts'

export const echo = action({
  name: 'Echo',
  summary: 'Answers with its parameters.',
  parameters: {
    Text: text(),
    Word: text({ values: ['one', 'two'] }),
    Number: integer({ min: -5, max: 1_000 }),
    Flag: flag(),
    Time: time(),
    Data: base64({ maxBytes: 8 }),
    Id: list(text()),
    Part: list(structure({ Name: text().required(), Inner: structure({ Size: integer() }), Value: list(text()) })),
  },
  mutates: true,
  check: ({ parameters }) => {
    if (parameters.Text === 'wrong') throw new Ec2Error('InvalidParameterCombination', 'That is wrong.')
  },
  run: async ({ parameters, account, ownerId, region, requestId }) => {
    if (parameters.Text === 'fault') throw new TypeError('a fault of ours')
    return {
      parameters: JSON.stringify(parameters),
      text: parameters.Text,
      account,
      ownerId,
      region: region.name,
      id: requestId,
    }
  },
})

export const echoes: ReadonlyMap<string, Action> = new Map([[echo.name, echo]])
