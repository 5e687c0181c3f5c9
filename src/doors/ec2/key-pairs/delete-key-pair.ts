import { action } from '../action.ts'
import { missing } from '../errors.ts'
import { text } from '../parameters.ts'
import { keyPairs } from './key-pair-rows.ts'

export const deleteKeyPair = action({
  name: 'DeleteKeyPair',
  summary: 'Forgets a key; there being none is no error.',
  parameters: { KeyName: text(), KeyPairId: text() },
  mutates: true,
  check: ({ parameters: { KeyName, KeyPairId } }) => {
    if (!KeyName && !KeyPairId) throw missing('keyName')
  },
  run: async call => {
    const { KeyName, KeyPairId } = call.parameters
    const found = (await keyPairs(call)).find(({ id, name }) => (KeyPairId ? id === KeyPairId : name === KeyName))
    if (found) await call.session.submit([{ kind: 'key-pair', command: 'delete', id: found.id }])
    return { return: true, keyPairId: found?.id }
  },
})
