/**
 * A process of its own that writes to a store and holds it until it is killed. It collects memory when it gets SIGUSR2.
 * Usage: `node --expose-gc holder.ts <path>`.
 */
import { sqlite } from '../../src/store/sqlite/index.ts'
import { commitNumber, views } from './everything.ts'

const store = sqlite(process.argv[2]!)
await store.open(views)
await store.commit(commitNumber(1))
store.announce('http://127.0.0.1:4711')
process.on('SIGUSR2', () => {
  globalThis.gc!()
  // What was collected is finalized in turns of its own.
  setTimeout(() => process.stdout.write('collected\n'), 50)
})
process.stdout.write('holding\n')
setInterval(() => {}, 60_000)
