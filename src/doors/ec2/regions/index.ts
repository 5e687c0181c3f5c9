import type { Action } from '../action.ts'

export const regionActions: readonly Action[] = []
