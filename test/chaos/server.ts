/** The process that is killed: carries out requests from standard input, one line each, and answers each with a line. */
import { createInterface } from 'node:readline'
import { keep } from './keeping.ts'
import type { Reply, Sent } from './load.ts'
import { acme, openEngine } from './setting.ts'

const opened = await openEngine(process.argv[2]!)
const say = (reply: Reply) => process.stdout.write(`${JSON.stringify(reply)}\n`)
process.stdout.write('{"ready":true}\n')
for await (const line of createInterface({ input: process.stdin })) {
  const { token, commands, kept } = JSON.parse(line) as Sent
  const refused = (error: { code?: string; message: string }) => say({ token, refused: error.code ?? error.message })
  if (kept) keep(opened, kept, `${kept.instance}.${token}`).then(how => say({ token, kept: how }), refused)
  else opened.engine.submit(commands, acme, { token }).then(results => say({ token, results: [...results] }), refused)
}
await opened.engine.close()
