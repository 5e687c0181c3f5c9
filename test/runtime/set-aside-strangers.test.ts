import Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { lamp } from './light.ts'
import { acme, inventory, openWith } from './setting.ts'

const stranger = { account: 'other', actor: 'x' }

/** An engine that finds acme's lamp damaged when it is asked for it. */
async function damaged() {
  const database = new Database(':memory:')
  const before = await openWith({ kinds: { lamp }, projections: { inventory }, database })
  const { id } = await before.engine.as(acme).lamp.make({ label: 'desk' })
  await before.engine.as(acme).lamp.lock(id, { locked: true })
  await before.engine.close()
  database.prepare("UPDATE events SET text = replace(text, 'true', 'null') WHERE version = 2").run()
  database.prepare('DELETE FROM snapshots').run()
  database.prepare("UPDATE watermarks SET position = 0 WHERE view = 'snapshots'").run()
  const { engine } = await openWith({ kinds: { lamp }, projections: { inventory }, database })
  return { engine, id }
}

describe('a resource that is set aside', () => {
  it('says so to its account and to the operator', async () => {
    const { engine, id } = await damaged()
    for (const principal of [acme, { account: 'op', actor: 'op', authority: 'operator' as const }]) {
      await expect(engine.as(principal).get(id)).rejects.toMatchObject({ code: 'contained', resource: id })
      await expect(engine.as(principal).lamp.light(id)).rejects.toMatchObject({ code: 'contained', resource: id })
    }
    await engine.close()
  })

  it('does not exist for anybody else, read, commanded or named as a fact', async () => {
    const { engine, id } = await damaged()
    const other = engine.as(stranger)
    const { id: own } = await other.lamp.make({ label: 'own' })
    const said = async (of: string) => [
      await other.get(of).catch((error: Error & { code: string }) => `${error.code} ${error.message}`),
      await other.lamp.light(of).catch((error: Error & { code: string }) => `${error.code} ${error.message}`),
      await other.lamp
        .pair(own, { twin: of })
        .catch((error: Error & { code: string }) => `${error.code} ${error.message}`),
    ]
    const never = 'lamp-00000000000000000'
    expect((await said(id)).map(text => String(text).replaceAll(id, never))).toEqual(await said(never))
    await engine.close()
  })

  it('is not to be found by a list with conditions of its own, which is refused', async () => {
    const { engine } = await damaged()
    const asked = engine.as(acme).list('lamp', { anyOf: [{ account: 'other' }] })
    await expect(asked).rejects.toMatchObject({ code: 'invalidInput', field: 'anyOf' })
    await engine.close()
  })
})
