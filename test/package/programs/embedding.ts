import { createEngine, kinds, projections, sqlite } from 'stemma'
import { simulated } from 'stemma/drivers/simulated'

const engine = await createEngine({ kinds, projections, store: sqlite('cloud.db'), drivers: { lab: simulated() } })
const operator = engine.as({ account: 'operator', actor: 'you', authority: 'operator' })
const acme = engine.as({ account: 'acme', actor: 'ops@acme' })

await operator.offering.define({ name: 'small', vcpus: 1, memoryBytes: 2 ** 30 })
const { id: image } = await acme.image.register({ name: 'debian', sizeBytes: 8 * 2 ** 30 })
const { id } = await acme.instance.launch({ image, type: 'small', mode: 'stateful' })
console.log(await acme.settled(id))
await acme.instance.stop(id)
console.log(await acme.settled(id))

const story: string[] = []
for await (const event of acme.history(id)) story.push(event.type)
console.log(story.join(' '))
await engine.close()
