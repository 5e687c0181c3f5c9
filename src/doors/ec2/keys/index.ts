import type { Action } from '../action.ts'

export const keyActions: readonly Action[] = []
