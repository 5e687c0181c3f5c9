/** Begins to rebuild the inventory of a file and kills itself before it is done: `node killed-rebuild.ts <file>`. */
import { sqlite } from '../../src/store/sqlite/index.ts'
import { lamp } from './light.ts'
import { inventory, openWith } from './setting.ts'
import { wrapped } from './wrapped.ts'

const between = () =>
  wrapped(sqlite(process.argv[2]!), store => ({
    async refill(views) {
      const refill = await store.refill.call(store, views)
      refill.index = async () => process.kill(process.pid, 'SIGKILL')
      return refill
    },
  }))
const { engine } = await openWith({ kinds: { lamp }, projections: { inventory }, between })
await engine.rebuild('inventory')
