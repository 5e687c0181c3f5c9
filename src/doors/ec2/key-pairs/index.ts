import type { Action } from '../action.ts'
import { createKeyPair } from './create-key-pair.ts'
import { deleteKeyPair } from './delete-key-pair.ts'
import { describeKeyPairs } from './describe-key-pairs.ts'
import { importKeyPair } from './import-key-pair.ts'

export const keyActions: readonly Action[] = [createKeyPair, importKeyPair, deleteKeyPair, describeKeyPairs]
