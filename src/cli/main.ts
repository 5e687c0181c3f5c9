#!/usr/bin/env node
/** The `stemma` command. Exit codes: 0 done, 1 refused or failed, 2 the request itself was wrong; `survey` has one more. */
import { CommanderError } from 'commander'
import { endWithItsReader } from './broken-pipe.ts'
import { printFailure } from './failure.ts'
import { stemma } from './program.ts'

endWithItsReader()
try {
  await stemma().parseAsync()
} catch (error) {
  // Commander has said what was wrong; asking for help is nothing wrong.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else process.exitCode = printFailure(error, process.argv.includes('--json'))
}
