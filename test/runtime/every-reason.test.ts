/** A refusal names every requirement that says no, in the order of the rules, also when the request could not be completed. */
import { afterEach, describe, expect, it } from 'vitest'
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import { simulated } from '../../src/drivers/simulated/index.ts'
import { createEngine } from '../../src/engine.ts'
import { Refused } from '../../src/index.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'

const GiB = 1_073_741_824
let close = async () => {}
afterEach(() => close())

async function opened() {
  const lab = simulated({ instant: true, capabilities: { volume: { minBytes: GiB, grow: 'online' } } })
  const engine = await createEngine({ kinds, projections, store: sqlite(':memory:'), drivers: { lab } })
  close = () => engine.close()
  const operator = engine.as({ account: 'op', actor: 'op', authority: 'operator' })
  await operator.domain.create({ name: 'root' })
  await operator.account.open({ name: 'acme' })
  await operator.offering.define({ name: 'small', vcpus: 1, memoryBytes: GiB })
  const acme = engine.as({ account: 'acme', actor: 'ops' })
  const { id: image } = await acme.image.register({ name: 'plain', sizeBytes: GiB })
  return { engine, operator, acme, image }
}
const refusal = async (asked: Promise<unknown>) => {
  const error = await asked.catch((thrown: unknown) => thrown)
  if (!(error instanceof Refused)) throw new Error('it was not refused', { cause: error })
  return { reasons: error.reasons.map(each => each.requirement), sentences: error.reasons.map(each => each.sentence) }
}

describe('a request that cannot be completed', () => {
  it('is refused for that and for all that the rules say besides, in their order', async () => {
    const { engine, operator, acme, image } = await opened()
    await operator.account.suspend('account/acme')
    await operator.offering.retire('offering/small')
    const { position } = engine.health()
    const blockDevices = [{ device: '/dev/sdf', sizeBytes: 512, encrypted: true }]
    const input = { image, type: 'small', zone: 'moon', blockDevices, tags: {} }
    expect(await refusal(acme.instance.launch(input))).toEqual({
      reasons: ['accountOpen', 'offeringActive', 'zoneOffered', 'sizeOffered', 'encryptionOffered'],
      sentences: [
        'The account is suspended or closed; ask its operator to resume it.',
        'There is no offering small in use.',
        'There is no zone moon; the provider offers a, b.',
        expect.stringContaining('no volumes of 512 bytes: from 1073741824'),
        'The provider has no encrypted disks.',
      ],
    })
    expect(engine.health().position).toBe(position)
  })

  it('is refused for the state as well where that is wrong', async () => {
    const { acme } = await opened()
    const { id } = await acme.volume.create({ sizeBytes: GiB })
    await acme.settled(id)
    await acme.volume.delete(id)
    await acme.settled(id)
    const { reasons } = await refusal(acme.volume.modify(id, { sizeBytes: 512 }))
    expect(reasons).toEqual(['growing', 'sizeOffered', 'state'])
  })
})
