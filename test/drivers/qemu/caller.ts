/** An engine's process that is killed in the middle of a call: says when it begins it, and when it is done. */
import { qemu } from '../../../src/drivers/qemu/index.ts'
import { ask } from './asking.ts'

const [pool, verb, id, spec, token] = process.argv.slice(2) as [string, string, string, string, string]
const driver = qemu({ pool })
process.stdout.write('asking\n')
const outcome = await ask(driver, verb as Parameters<typeof ask>[1], id, JSON.parse(spec), token)
process.stdout.write(`${outcome.kind}\n`)
setInterval(() => {}, 1_000)
