/** What a provider says exists, kind by kind. (design: "Words", survey.) */
import type { Capabilities, Driver, Observation, Page, ResourceKind } from '../drivers/driver.ts'
import type { Questions } from './questions.ts'
import { isObservation } from './understood.ts'

/** Everything of a kind, page by page; what is no observation is left out. Throws what a page throws. */
export async function* survey(
  provider: { driver: Driver; capabilities: Capabilities },
  kind: ResourceKind,
  questions: Questions,
): AsyncGenerator<readonly Observation[]> {
  let cursor: string | undefined
  do {
    const from = cursor
    const page: Page = await questions.ask(provider, (driver, context) => driver.list(kind, from, context))
    yield page.items.filter(isObservation)
    cursor = page.next
    if (cursor !== undefined && cursor === from) throw new Error(`the list of ${kind} begins again at '${from}'`)
  } while (cursor !== undefined)
}
