import { describe, expect, it } from 'vitest'
import { type AnyStateMachine, createMachine } from 'xstate'
import type { Kind } from '../../machines/grammar.ts'
import { kinds } from '../../machines/index.ts'
import { svg } from '../../src/cli/diagram/svg.ts'
import { arrowsOf } from '../../src/replay/diagram/arrows.ts'
import { definition } from '../../src/replay/diagram/definition.ts'
import { gathered } from '../../src/replay/diagram/gathered.ts'
import { graph } from '../../src/replay/diagram/graph.ts'
import { mermaid } from '../../src/replay/diagram/mermaid.ts'
import { wayOf } from '../../src/replay/diagram/way.ts'
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
    const way = wayOf(events, events.at(-1)!.at + 5_400_000)
    expect([...way.visits.keys()]).toEqual(['creating', 'available'])
    const chart = mermaid(kinds.volume, way)
    expect(chart).toContain('state "available (1 visit, 1.5 h)" as available')
    expect(chart).toContain('class creating,available visited')
    expect(chart).toContain('creating --> available : created ×1')
    const image = await svg(graph(kinds.volume, way))
    expect(image).toContain('>1 visit, 1.5 h<')
    expect(image).toContain('created ×1<')
    expect(image.match(/fill="#d9f2e0"/g)).toHaveLength(2)
    await cloud.engine.close()
  })

  it('shows a way that the rules have no more', () => {
    const taken = [{ from: 'available', to: 'lost', type: 'volume.mislaid', count: 2 }]
    const way = { visits: new Map([['lost', { count: 2, ms: 0 }]]), taken }
    expect(mermaid(kinds.volume, way)).toContain('available --> lost : mislaid ×2')
    expect(graph(kinds.volume, way).nodes.map(({ name }) => name)).toContain('lost')
  })
})

describe('the image of a kind', () => {
  it.each(all)('of $name has every state, within those that it is part of, and the same text each time', async kind => {
    const image = await svg(graph(kind))
    expect(await svg(graph(kind))).toBe(image)
    const titles = [...image.matchAll(/<title>(.*?)<\/title>/g)].map(([, title]) => title!.replaceAll('&#45;', '-'))
    const { leaves } = readChart(kind.machine)
    for (const path of leaves.keys()) {
      expect(titles).toContain(path)
      const outer = path.split('.').slice(0, -1)
      if (outer.length > 0) expect(titles).toContain(`cluster ${outer.join('.')}`)
    }
  })

  it.each(all)('of $name loses no way where arrows are gathered', kind => {
    const chart = readChart(kind.machine)
    const arrows = arrowsOf(chart)
    const paths = [...chart.leaves.keys()]
    const spread = gathered(arrows, paths).flatMap(({ from, to, events }) =>
      paths
        .filter(path => path === from || path.startsWith(`${from}.`))
        .flatMap(path => events.map(({ type, guards }) => JSON.stringify([path, to, type, guards]))),
    )
    const single = arrows.flatMap(({ from, to, events }) =>
      events.map(({ type, guards }) => JSON.stringify([from, to, type, guards])),
    )
    expect(spread.sort()).toEqual(single.sort())
  })
})

describe('the definition of a kind', () => {
  it.each(all)('of $name, through JSON, is a machine to XState with the same states and transitions', kind => {
    const read = JSON.parse(JSON.stringify(definition(kind)))
    const made = readChart(createMachine(read) as AnyStateMachine)
    const own = readChart(kind.machine)
    const told = (chart: typeof own) =>
      [...chart.leaves.values()].map(({ path, tags, on }) => [
        path,
        [...tags],
        [...on].map(([type, ways]) => [
          type,
          ways.map(({ target, ignored, actions }) => [target, ignored, actions.length]),
        ]),
      ])
    expect(told(made)).toEqual(told(own))
    expect(made.initial).toBe(own.initial)
  })

  it('names its guards and what they ask for', () => {
    const { states } = definition(kinds.volume) as { states: Record<string, { on: Record<string, unknown> }> }
    expect(states.available!.on['volume.launchProposed']).toMatchObject({
      guard: { type: 'requires', params: { names: ['unattached', 'present', 'notGrowingOffline'] } },
      actions: ['attaching', { type: 'tell', params: { from: 'readyToBoot' } }],
    })
  })
})
