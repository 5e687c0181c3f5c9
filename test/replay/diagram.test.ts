import { describe, expect, it } from 'vitest'
import type { Kind } from '../../machines/grammar.ts'
import { kinds } from '../../machines/index.ts'
import { mermaid, visitsOf } from '../../src/replay/diagram/mermaid.ts'
import { readChart } from '../../src/runtime/chart.ts'
import { furnish, GiB, openCloud } from './cloud.ts'

const all = Object.values<Kind>(kinds)

describe('the chart of a kind', () => {
  it.each(all)('of $name has every state once, and an arrow for every way from one to another', kind => {
    const lines = mermaid(kind)
      .split('\n')
      .map(line => line.trim())
    const { leaves, initial } = readChart(kind.machine)
    const ids = lines.flatMap(line => /^state ".*" as (\w+)/.exec(line)?.[1] ?? [])
    expect(new Set(ids).size).toBe(ids.length)
    for (const path of leaves.keys()) if (path !== initial) expect(ids).toContain(path.replaceAll(/\W/g, '_'))
    const opened = lines.filter(line => line.endsWith('{')).length
    expect(lines.filter(line => line === '}').length).toBe(opened)
    for (const { path, on } of leaves.values())
      for (const [type, transitions] of on)
        for (const { target } of transitions) {
          if (target === undefined || target === path) continue
          const from = path === initial ? '[*]' : path.replaceAll(/\W/g, '_')
          const arrow = lines.find(line => line.startsWith(`${from} --> ${target.replaceAll(/\W/g, '_')} : `))
          expect(arrow?.split(' : ')[1]?.split(', ')).toContain(type.slice(kind.name.length + 1))
        }
  })

  it('shows the way of one resource: where it was, how often, how long', async () => {
    const cloud = await openCloud()
    await furnish(cloud)
    const { id } = await cloud.acme.volume.create({ sizeBytes: GiB })
    await cloud.engine.idle()
    const events = []
    for await (const event of cloud.acme.history(id)) events.push(event)
    const visits = visitsOf(events, events.at(-1)!.at + 5_400_000)
    expect([...visits.keys()]).toEqual(['creating', 'available'])
    const chart = mermaid(kinds.volume, visits)
    expect(chart).toContain('state "available (1 visit, 1.5 h)" as available')
    expect(chart).toContain('class creating,available visited')
    await cloud.engine.close()
  })
})
