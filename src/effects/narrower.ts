/** What an answer says of the one instance that it is about: it may offer less than its provider. (decision 0039.) */
import { contradictionsOf } from '../drivers/contradictions.ts'
import { type Capabilities, CapabilityRefused, type DeclaredCapabilities, narrowed } from '../drivers/driver.ts'

/**
 * The facts with what is left in full, where they name what is narrower; else as they are. Undefined where they name what
 * its provider does not have, or what cannot be: such an answer is not understood.
 */
export function withWhatIsLeft(
  facts: Record<string, unknown>,
  provider: Capabilities,
): Record<string, unknown> | undefined {
  if (facts.capabilities === undefined) return facts
  try {
    const left = narrowed(provider, facts.capabilities as DeclaredCapabilities)
    return contradictionsOf(left).length ? undefined : { ...facts, capabilities: left }
  } catch (error) {
    if (error instanceof CapabilityRefused) return undefined
    throw error
  }
}
