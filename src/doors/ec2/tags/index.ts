import type { Action } from '../action.ts'
import { createTags } from './create-tags.ts'
import { deleteTags } from './delete-tags.ts'
import { describeTags } from './describe-tags.ts'

export const tagActions: readonly Action[] = [createTags, deleteTags, describeTags]
