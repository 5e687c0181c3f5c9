import type { Action } from '../action.ts'

export const volumeActions: readonly Action[] = []
