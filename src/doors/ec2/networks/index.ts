import type { Action } from '../action.ts'

export const networkActions: readonly Action[] = []
