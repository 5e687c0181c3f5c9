/** Why this test? A console is read at the provider, past the log: only by those who may see the instance. */
import { expect, it } from 'vitest'
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import { simulated } from '../../src/drivers/simulated/index.ts'
import { createEngine } from '../../src/engine.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'

const GiB = 1_073_741_824

async function launched(consoleOutput: boolean) {
  const lab = simulated({
    instant: true,
    capabilities: {
      bootFromVolume: true,
      stop: 'preserves',
      start: 'both',
      canCreateVolumeFromImage: true,
      idempotency: { by: 'id' },
      consoleOutput,
    },
  })
  const engine = await createEngine({ kinds, projections, store: sqlite(':memory:'), drivers: { lab } })
  const operator = engine.as({ account: 'ops', actor: 'ops', authority: 'operator' })
  const acme = engine.as({ account: 'acme', actor: 'ops@acme' })
  await operator.offering.define({ name: 'small', vcpus: 1, memoryBytes: GiB })
  const { id: image } = await acme.image.register({ name: 'base', sizeBytes: GiB })
  const { id } = await acme.instance.launch({ image, type: 'small' })
  await acme.settled(id)
  return { engine, acme, id }
}

it('shows its owner what the guest has written, and nothing to others', async () => {
  const { engine, acme, id } = await launched(true)
  const { outputBase64, at } = await acme.consoleOutput(id)
  expect(Buffer.from(outputBase64, 'base64').toString()).toContain(`${id} boots on`)
  expect(at).toBeGreaterThan(0)
  const other = engine.as({ account: 'other', actor: 'x' })
  await expect(other.consoleOutput(id)).rejects.toMatchObject({ code: 'notFound' })
  await engine.close()
})

it('is refused where the provider keeps none', async () => {
  const { engine, acme, id } = await launched(false)
  await expect(acme.consoleOutput(id)).rejects.toMatchObject({ code: 'consoleUnsupported' })
  await engine.close()
})
