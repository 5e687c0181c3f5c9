import { describe, expect, it } from 'vitest'
import type { Commit } from '../../src/store/store.ts'
import { open, outcomeOf } from './setting.ts'
import { wrapped } from './wrapped.ts'

const figures = async ({ engine }: Awaited<ReturnType<typeof open>>) => {
  const { writer_commits, writer_members, writer_refusals, writer_failures } = await engine.measures()
  return { commits: writer_commits, members: writer_members, refusals: writer_refusals, failures: writer_failures }
}

describe('the counters of the writer', () => {
  it('count who was answered, not the events that came of it', async () => {
    const setting = await open()
    const { id } = await setting.acme.lamp.make({ label: 'desk', twins: true })
    await setting.acme.submit(
      ['one', 'two', 'three'].map(label => ({ kind: 'lamp', command: 'make', input: { label } })),
    )
    await setting.acme.lamp.lock(id, { locked: false })
    expect(setting.engine.health().position).toBeGreaterThan(3)
    expect(await figures(setting)).toEqual({ commits: 3, members: 3, refusals: 0, failures: 0 })
  })

  it('count a member once, however often its batch had to be decided', async () => {
    const setting = await open({
      between: store =>
        wrapped(store, ({ commit }) => ({
          async commit(each: Commit) {
            if (each.events.some(({ text }) => text.includes('"label":"poison"'))) throw new Error('disk on fire')
            return commit.call(store, each)
          },
        })),
    })
    const { acme } = setting
    await Promise.all([
      outcomeOf(acme.lamp.light('lamp-0')),
      outcomeOf(acme.lamp.make({ label: 'desk' })),
      outcomeOf(acme.lamp.make({ label: 'poison' })),
      outcomeOf(acme.lamp.break('lamp-0')),
      outcomeOf(acme.lamp.make({ label: 'shelf' })),
    ])
    expect(await figures(setting)).toEqual({ commits: 2, members: 2, refusals: 2, failures: 1 })
  })

  it('do not count questions', async () => {
    const setting = await open()
    const { id } = await setting.acme.lamp.make({ label: 'desk' })
    const before = await figures(setting)
    const answers = await setting.acme.actions(id)
    expect(answers.map(({ answer }) => answer)).toContain('accepted')
    await outcomeOf(setting.acme.submit([{ kind: 'lamp', command: 'light', id: 'lamp-0' }], { dryRun: true }))
    expect(await figures(setting)).toEqual(before)
  })
})
