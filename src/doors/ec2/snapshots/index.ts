import type { Action } from '../action.ts'

export const snapshotActions: readonly Action[] = []
