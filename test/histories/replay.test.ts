/**
 * Why this test? A rule that changes what recorded histories mean breaks every cloud that runs on them. What any release
 * recorded must replay to the same states and wants for ever; a machine that is to behave differently gets a new `rules`
 * version first, and then says what becomes of older streams.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createMachine } from 'xstate'
import { kinds } from '../../machines/index.ts'
import { verifyEvents } from '../../src/replay/verify/index.ts'
import type { StoredEvent } from '../../src/store/store.ts'
import { sha256 } from '../../src/system/hash.ts'

const releases = readdirSync(import.meta.dirname, { withFileTypes: true }).filter(
  entry => entry.isDirectory() && /^\d/.test(entry.name),
)

const eventsIn = (file: string): StoredEvent[] =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
const files = releases.flatMap(({ name }) =>
  readdirSync(join(import.meta.dirname, name)).map(
    file => [`${name}/${file}`, join(import.meta.dirname, name, file)] as const,
  ),
)
const named = (name: string) => files.find(([path]) => path.endsWith(`${name}.jsonl`))![1]
const hash = sha256

describe('recorded histories', () => {
  it('are there for at least one release', () => expect(files.length).toBeGreaterThan(0))

  it.each(files)('%s comes out as it was recorded', (_, file) => {
    const events = eventsIn(file)
    expect(verifyEvents(events, { kinds, hash })).toMatchObject({ divergences: [], events: events.length })
  })

  it.each(files)('%s was recorded under the rules of today, or of an older version', (_, file) => {
    for (const { text } of eventsIn(file)) {
      const { kind, rules } = JSON.parse(text) as { kind: keyof typeof kinds; rules: number }
      expect(rules).toBeLessThanOrEqual(kinds[kind].rules)
    }
  })

  it('name the first event that a changed rule would decide differently', () => {
    const { machine, ...rest } = kinds.instance
    // A rule somebody is about to change: stopping a running instance does nothing any more.
    const states = { ...machine.config.states } as Record<string, { on?: object }>
    states.running = { ...states.running, on: { ...states.running?.on, 'instance.stopRequested': {} } }
    const mutant = createMachine({ ...machine.config, states } as never, machine.implementations as never)
    const changed = { ...kinds, instance: { ...rest, machine: mutant as never } }
    const { diverged, divergences } = verifyEvents(eventsIn(named('launch-stop-start-terminate')), {
      ...{ kinds: changed, reference: kinds, hash },
    })
    expect(diverged).toBe(1)
    expect(divergences[0]).toMatchObject({
      type: 'instance.stopRequested',
      differs: 'state',
      recorded: expect.stringMatching(/^stopping/),
    })
  })

  it('are known by their digests: a changed byte is found where it is', () => {
    const [first, ...others] = eventsIn(files[0]![1])
    const forged = { ...first!, text: first!.text.replace('"recorder"', '"somebody"') }
    const { divergences } = verifyEvents([forged, ...others], { kinds, hash })
    expect(divergences[0]).toMatchObject({ position: first!.position, resource: first!.resource, differs: 'damage' })
  })
})
