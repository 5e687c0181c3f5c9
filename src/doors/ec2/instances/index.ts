import type { Action } from '../action.ts'

export const instanceActions: readonly Action[] = []
