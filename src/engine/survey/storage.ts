/**
 * How much there is of each storage of a provider, as the provider says. One that knows no names of storage answers for
 * all that it has: that is recorded where it has one storage only, and of none where it has several.
 */
import type { RegisteredDriver } from '../../drivers/register.ts'
import type { Snapshot } from '../../runtime/snapshot.ts'
import { isOver, type SurveyParts } from './parts.ts'

export async function measureStorage(parts: SurveyParts, name: string, provider: RegisteredDriver): Promise<void> {
  if (provider.capabilities.capacity === 'none') return
  const storages = await storagesOf(parts, name)
  for (const storage of storages) {
    const known = parts.catalogue.kind(storage.kind).kind.presence.storage!(storage.context)
    const facts = await parts.questions.ask(provider, (driver, context) => driver.capacity(known, context))
    const isMeant = facts?.pool === known || (facts?.pool === undefined && storages.length === 1)
    if (isMeant && typeof facts === 'object') await parts.measured(name, storage, facts)
  }
}

async function storagesOf(parts: SurveyParts, provider: string): Promise<Snapshot[]> {
  const found: Snapshot[] = []
  for (const { kind } of parts.catalogue.kinds.values()) {
    if (!kind.presence.storage) continue
    for await (const page of parts.known(provider, kind.name))
      for (const snapshot of (await parts.residence.peek(page)).values())
        if (snapshot && !isOver(parts, snapshot)) found.push(snapshot)
  }
  return found
}
