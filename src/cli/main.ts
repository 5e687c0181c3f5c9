#!/usr/bin/env node
/** The `stemma` command. Exit codes: 0 done, 1 refused or failed, 2 the request itself was wrong; `survey` has one more. */
import { endWithItsReader } from './broken-pipe.ts'
import { keepCompiled } from './compiled.ts'

keepCompiled()
endWithItsReader()
const { CommanderError } = await import('commander')
const { printFailure } = await import('./failure.ts')
const { stemma } = await import('./program.ts')
try {
  await stemma().parseAsync()
} catch (error) {
  // Commander has said what was wrong; asking for help is nothing wrong.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else process.exitCode = printFailure(error, process.argv.includes('--json'))
}
