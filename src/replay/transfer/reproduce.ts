/** A test file out of a history: it passes and fails as the history does. */
import { type Hash, unseal } from '../../runtime/envelope.ts'
import type { StoredEvent } from '../../store/store.ts'

export interface ReproduceOptions {
  readonly hash: Hash
  /** Where the test imports stemma from (default `stemma`). */
  readonly from?: string
  /** What it says it reproduces. */
  readonly title?: string
}

/**
 * The text of a vitest file that runs these histories again under the rules it imports: each resource is one test, which
 * fails at the first event that comes out otherwise, and says so.
 */
export function reproduction(events: readonly StoredEvent[], { from = 'stemma', title }: ReproduceOptions): string {
  const last = new Map(events.map(stored => [stored.resource, unseal(stored)]))
  const ends = [...last].map(([resource, { state }]) => [resource, state])
  const lines = events.map(({ position, resource, version, digest, text }) => {
    return `  ${JSON.stringify(JSON.stringify({ position, resource, version, digest, text }))},`
  })
  return `// Written by \`stemma reproduce\`. Run it with vitest; it needs nothing else.
import { hash as digest } from 'node:crypto'
import { expect, it } from 'vitest'
import { kinds, verifyEvents } from ${JSON.stringify(from)}

const hash = (text: string): string => digest('sha256', text, 'base64url')

const history = [
${lines.join('\n')}
].map(line => JSON.parse(line))

const ends: readonly (readonly [resource: string, state: string])[] = ${JSON.stringify(ends, undefined, 2)}

it.each(ends)(${JSON.stringify(`${title ?? 'the history'}: %s comes out as recorded, and ends %s`)}, (resource, state) => {
  const events = history.filter(event => event.resource === resource)
  const { divergences } = verifyEvents(events, { kinds, hash })
  expect(divergences).toEqual([])
  expect(JSON.parse(events.at(-1).text).state).toBe(state)
})
`
}
