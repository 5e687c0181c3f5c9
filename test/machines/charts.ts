/** Static views of the catalogue for tests: charts, and every action with the params it would have. */
import { type Kind, kinds } from '../../machines/index.ts'
import { type Chart, readChart } from '../../src/runtime/chart.ts'

export const catalogue = Object.values(kinds) as unknown as readonly Kind[]
export const charts = new Map<string, Chart>(catalogue.map(kind => [kind.name, readChart(kind.machine)]))
export const kindNamed = (name: string): Kind => {
  const found = catalogue.find(kind => kind.name === name)
  if (!found) throw new Error(`no kind ${name}`)
  return found
}
export const originOf = (type: string): string | undefined => {
  const [name, short] = type.split('.') as [string, string]
  return kindNamed(name).events.specs[short]?.origin
}
/** Origins that are decided in every state. */
export const total = new Set(['reported', 'elapsed', 'told'])
