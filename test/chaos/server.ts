/** The process that is killed: carries out requests from standard input, one line each, and answers each with a line. */
import { createInterface } from 'node:readline'
import { acme, openEngine } from './setting.ts'

const { engine } = await openEngine(process.argv[2]!)
process.stdout.write('{"ready":true}\n')
for await (const line of createInterface({ input: process.stdin })) {
  const { token, commands } = JSON.parse(line)
  engine.submit(commands, acme, { token }).then(
    results => process.stdout.write(`${JSON.stringify({ token, results })}\n`),
    (error: { code?: string; message: string }) =>
      process.stdout.write(`${JSON.stringify({ token, refused: error.code ?? error.message })}\n`),
  )
}
await engine.close()
