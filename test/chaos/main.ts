/** `npm run chaos:qemu -- [--operations N] [--kills N] [--seed N]`: as long as you like; prints its seed and figures. */
import { parseArgs } from 'node:util'
import { chaos } from './chaos.ts'

const { values } = parseArgs({
  options: {
    operations: { type: 'string', default: '1000' },
    kills: { type: 'string', default: '150' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const [operations, kills, seed] = [Number(values.operations), Number(values.kills), Number(values.seed)]
console.log(`seed ${seed}`)
const figures = await chaos({ operations, kills, seed, say: line => console.log(line) })
for (const [name, figure] of Object.entries(figures)) console.log(`${name.padEnd(12)} ${figure}`)
