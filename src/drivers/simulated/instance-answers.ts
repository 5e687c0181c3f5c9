/** What calls about instances answer in the same way. */
import type { Outcome } from '../driver.ts'
import { done, rejected } from '../outcomes.ts'
import { factsOf, type InstanceRecord, referenceOf } from './records.ts'

export const found = (instance: InstanceRecord, already: boolean): Outcome =>
  done(factsOf(instance), already, referenceOf(instance))

export const stale = (instance: string, asked: number, known: number): Outcome =>
  rejected('precondition', `instance ${instance}: launch ${asked} is stale, launch ${known} is known`)

/** What of an instance that is gone is still there. */
export const leftover = (left: readonly string[] | undefined) => (left?.length ? { left } : {})
