import type { Action } from '../action.ts'

export const imageActions: readonly Action[] = []
