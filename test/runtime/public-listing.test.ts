import { describe, expect, it } from 'vitest'
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import { simulated } from '../../src/drivers/simulated/index.ts'
import { createEngine } from '../../src/engine.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'

const GiB = 1_073_741_824
const open = () =>
  createEngine({ kinds, projections, store: sqlite(':memory:'), drivers: { lab: simulated({ instant: true }) } })

describe('what everybody may see', () => {
  it('is in the list of every account, and what is private in that of its own', async () => {
    const engine = await open()
    const acme = engine.as({ account: 'acme', actor: 'ops@acme' })
    const other = engine.as({ account: 'other', actor: 'ops@other' })
    const { id: shown } = await acme.image.register({ name: 'shown', sizeBytes: GiB, public: true })
    const { id: hidden } = await acme.image.register({ name: 'hidden', sizeBytes: GiB })
    const idsOf = async (session: typeof acme) => (await session.list('image')).items.map(({ id }) => id)
    expect(await idsOf(acme)).toEqual([shown, hidden].sort())
    expect(await idsOf(other)).toEqual([shown])
    expect((await other.list('image', { where: { account: 'acme' } })).items).toHaveLength(1)
    await engine.close()
  })

  it('does not tell strangers who did it, or with which token', async () => {
    const engine = await open()
    const acme = engine.as({ account: 'acme', actor: 'ops@acme' })
    const { id } = await acme.image.register(
      { name: 'shown', sizeBytes: GiB, public: true },
      { token: 'secret-of-acme' },
    )
    const told = async (session: typeof acme) => {
      const events = []
      for await (const event of session.history(id)) events.push(event)
      return JSON.stringify(events)
    }
    expect(await told(acme)).toContain('secret-of-acme')
    const strangers = await told(engine.as({ account: 'other', actor: 'x' }))
    expect(strangers).toContain('image.registerRequested')
    expect(strangers).not.toMatch(/secret-of-acme|ops@acme/)
    await engine.close()
  })

  it('names the member of a submit whose input is wrong', async () => {
    const engine = await open()
    const register = (input: unknown) => ({ kind: 'image', command: 'register', input })
    const both = [register({ name: 'good', sizeBytes: GiB }), register({ name: 'bad', sizeBytes: 1.5 })]
    const refused = engine.submit(both, { account: 'acme', actor: 'x' })
    await expect(refused).rejects.toMatchObject({ code: 'invalidInput', field: 'commands.1.sizeBytes' })
    expect(engine.health().position).toBe(0)
    await engine.close()
  })
})
