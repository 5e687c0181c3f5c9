/** Why this test? What an account may do is asked of the account that owns the resource, whoever gives the command. */
import { expect, it } from 'vitest'
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import { simulated } from '../../src/drivers/simulated/index.ts'
import { createEngine, sqlite } from '../../src/index.ts'

const GiB = 2 ** 30

it('an instance of a suspended account is started by nobody, not even by an operator', async () => {
  const drivers = { lab: simulated({ instant: true }) }
  const engine = await createEngine({ kinds, projections, store: sqlite(':memory:'), drivers })
  const operator = engine.as({ account: 'ops', actor: 'ops', authority: 'operator' })
  const acme = engine.as({ account: 'acme', actor: 'ops@acme' })
  await operator.domain.create({ name: 'root' })
  await operator.account.open({ name: 'acme', domain: 'root' })
  await operator.offering.define({ name: 'small', vcpus: 1, memoryBytes: GiB })
  const { id: image } = await acme.image.register({ name: 'base', sizeBytes: GiB })
  const { id } = await acme.instance.launch({ image, type: 'small' })
  await acme.settled(id)
  await acme.instance.stop(id)
  await acme.settled(id)
  await operator.account.suspend('account/acme')
  for (const session of [acme, operator])
    await expect(session.instance.start(id)).rejects.toMatchObject({ code: 'accountNotOpen' })
  await operator.account.resume('account/acme')
  expect(await operator.instance.start(id)).toMatchObject({ outcome: 'accepted' })
  await engine.close()
})
