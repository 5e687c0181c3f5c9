/**
 * What an image or an instance offers is what its provider offers, or less: a stop that keeps the disk may be lost with
 * an image whose root is on the host, and none is won by any. (spec: stateful-and-deltacloud 3a.1 point 3.)
 */
import { type Capabilities, type DeclaredCapabilities, followed, vocabulary } from './capabilities.ts'
import { type Entry, entriesOf, type Group, isGroup, same } from './entries.ts'

/** A narrower scope declares what its wider one does not have, what nobody knows, or what cannot be together. */
export class CapabilityRefused extends Error {
  override readonly name = 'CapabilityRefused'
  readonly code: 'capabilityWidened' | 'unknownCapability' | 'invalidCapability' | 'contradictoryCapability'
  /** Dotted path of the entry. */
  readonly capability: string
  /** What the wider scope has, and what the narrower one declares. */
  readonly wider: unknown
  readonly narrower: unknown
  constructor(code: CapabilityRefused['code'], capability: string, wider: unknown, narrower: unknown) {
    const words = {
      capabilityWidened: `is ${JSON.stringify(narrower)}, but the wider scope has only ${JSON.stringify(wider)}`,
      unknownCapability: 'is known to nobody; known ones are in src/drivers/capabilities.ts',
      invalidCapability: `can not be ${JSON.stringify(narrower)}`,
      contradictoryCapability: `of ${String(narrower)} ${String(wider)}`,
    }
    super(`capability "${capability}" ${words[code]}`)
    this.code = code
    this.capability = capability
    this.wider = wider
    this.narrower = narrower
  }
}

type Values = Readonly<Record<string, unknown>>
const known = entriesOf(vocabulary)

/** A missing value is no limit: the other one is the weaker. */
const weakerValue = (entry: Entry, a: unknown, b: unknown): unknown => {
  if (a === undefined || b === undefined) return a ?? b
  return entry.weaker(a, b)
}

const weakerOf = (group: Group, a: Values, b: Values): Values =>
  Object.fromEntries(
    Object.entries(group.entries).map(([name, each]) => [
      name,
      isGroup(each) ? weakerOf(each, a[name] as Values, b[name] as Values) : weakerValue(each, a[name], b[name]),
    ]),
  )

/** What both offer: of every entry the weaker of two values. */
export const weaker = (a: Capabilities, b: Capabilities): Capabilities => weakerOf(known, a, b) as Capabilities

const narrow = (group: Group, wider: Values, narrower: Values, path: string): Values => {
  const result: Record<string, unknown> = { ...wider }
  for (const [name, value] of Object.entries(narrower)) {
    if (value === undefined) continue
    const each = group.entries[name]
    const capability = path + name
    if (each === undefined) throw new CapabilityRefused('unknownCapability', capability, undefined, value)
    if (isGroup(each)) {
      if (typeof value !== 'object' || value === null)
        throw new CapabilityRefused('invalidCapability', capability, wider[name], value)
      result[name] = narrow(each, wider[name] as Values, value as Values, `${capability}.`)
      continue
    }
    const parsed = each.schema.safeParse(value)
    if (!parsed.success) throw new CapabilityRefused('invalidCapability', capability, wider[name], value)
    const both = weakerValue(each, wider[name], parsed.data)
    if (!same(both, parsed.data)) throw new CapabilityRefused('capabilityWidened', capability, wider[name], value)
    result[name] = both
  }
  return result
}

const leaders = ['clonesOnLaunch', 'stop', 'rootOnDestroy', 'attachmentsOnDestroy'] as const

/** What follows from an entry is narrowed with it, unless the scope says otherwise. */
const follow = (wider: Capabilities, result: Capabilities, narrower: DeclaredCapabilities): Capabilities => {
  if (leaders.every(name => wider[name] === result[name])) return result
  const [before, now] = [followed(wider), followed(result)]
  const names = (Object.keys(now) as (keyof typeof now)[]).filter(
    name => before[name] !== now[name] && narrower[name] === undefined,
  )
  const following = Object.fromEntries(
    names.map(name => [name, weakerValue(known.entries[name] as Entry, result[name], now[name])]),
  )
  return { ...result, ...following }
}

/**
 * What is left of a provider's capabilities in narrower scopes, the widest first: `narrowed(driver, image, instance)`.
 * A scope names only what it narrows. Throws CapabilityRefused for the first entry that would be wider than in the scope
 * before it, and for names and values that no entry has.
 */
export const narrowed = (widest: Capabilities, ...scopes: readonly DeclaredCapabilities[]): Capabilities =>
  scopes.reduce<Capabilities>(
    (wider, scope) => follow(wider, narrow(known, wider, scope as Values, '') as Capabilities, scope),
    widest,
  )
