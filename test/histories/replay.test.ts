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
import { Catalogue } from '../../src/runtime/catalogue.ts'
import { Damaged } from '../../src/runtime/envelope.ts'
import { replay } from '../../src/runtime/replay.ts'
import type { StoredEvent } from '../../src/store/store.ts'
import { sha256 } from '../../src/system/hash.ts'

const releases = readdirSync(import.meta.dirname, { withFileTypes: true }).filter(entry => entry.isDirectory())

function streams(file: string): StoredEvent[][] {
  const events: StoredEvent[] = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  const byResource = new Map<string, StoredEvent[]>()
  for (const event of events) byResource.set(event.resource, [...(byResource.get(event.resource) ?? []), event])
  return [...byResource.values()]
}
const files = releases.flatMap(({ name }) =>
  readdirSync(join(import.meta.dirname, name)).map(
    file => [`${name}/${file}`, join(import.meta.dirname, name, file)] as const,
  ),
)
const kindOf = (stream: StoredEvent[], catalogue: Catalogue) => catalogue.kind(JSON.parse(stream[0]!.text).kind)

describe('recorded histories', () => {
  const catalogue = new Catalogue(Object.values(kinds))

  it('are there for at least one release', () => expect(files.length).toBeGreaterThan(0))

  it.each(files)('%s replays to the same states and wants', (_, file) => {
    for (const stream of streams(file)) {
      const replayed = replay(kindOf(stream, catalogue), stream, sha256)
      expect(replayed.divergence).toBeUndefined()
    }
  })

  it.each(files)('%s was recorded under the rules of today, or of an older version', (_, file) => {
    for (const stream of streams(file)) {
      const { rules } = kindOf(stream, catalogue).kind
      for (const { text } of stream) expect(JSON.parse(text).rules).toBeLessThanOrEqual(rules)
    }
  })

  it('name the first event that a changed rule would decide differently', () => {
    const [stream] = streams(files.find(([name]) => name.endsWith('launch-stop-start-terminate.jsonl'))![1]).filter(
      each => JSON.parse(each[0]!.text).kind === 'instance',
    )
    const { machine, ...rest } = kinds.instance
    // A rule somebody is about to change: stopping a running instance does nothing any more.
    const states = { ...machine.config.states } as Record<string, { on?: object }>
    states.running = { ...states.running, on: { ...states.running?.on, 'instance.stopRequested': {} } }
    const mutant = createMachine({ ...machine.config, states } as never, machine.implementations as never)
    const { divergence } = replay(
      new Catalogue([{ ...rest, machine: mutant as never }]).kind('instance'),
      stream!,
      sha256,
    )
    expect(divergence).toMatchObject({
      type: 'instance.stopRequested',
      differs: 'state',
      recorded: expect.stringMatching(/^stopping/),
    })
  })

  it('are known by their digests: a changed byte is found where it is', () => {
    const [stream] = streams(files[0]![1])
    const [first, ...rest] = stream!
    const forged = { ...first!, text: first!.text.replace('"recorder"', '"somebody"') }
    expect(() => replay(kindOf(stream!, catalogue), [forged, ...rest], sha256)).toThrow(Damaged)
  })
})
