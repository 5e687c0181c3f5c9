/**
 * Runs a trace and kills itself at an exact commit: `node killed-run.ts <folder> <data> <commit> before|after`. Prints
 * the figures if it lives to the end.
 */

import { readTrace } from '../../src/cli/trace/parse.ts'
import { runTrace } from '../../src/cli/trace/run.ts'
import { simulated } from '../../src/drivers/simulated/index.ts'
import { type Store, sqlite } from '../../src/index.ts'

const [folder, data, dies, when] = process.argv.slice(2) as [string, string, string, 'before' | 'after']
const store: Store = sqlite(data)
const commit = store.commit.bind(store)
let commits = 0
store.commit = async rows => {
  commits += 1
  const isLast = commits === Number(dies)
  if (isLast && when === 'before') process.kill(process.pid, 'SIGKILL')
  await commit(rows)
  if (isLast) process.kill(process.pid, 'SIGKILL')
}
const driver = simulated({ instant: true, file: `${data}.world` })
const { figures } = await runTrace(readTrace(folder), { store, driver })
process.stdout.write(JSON.stringify(figures))
