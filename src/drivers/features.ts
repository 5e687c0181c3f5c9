/**
 * Named variations of a call that a provider may offer beside it, by operation, with whatever limits them. A name that
 * nobody knows would be offered to nobody, so it is refused. (spec: stateful-and-deltacloud 2.1 and 3b.6.)
 */
import { z } from 'zod'
import { namesByOperation } from './strength.ts'

const known = {
  'images.index': ['owner_id'],
  'images.create': ['image_name', 'image_description'],
  'instances.index': ['realm_filter'],
  'instances.create': [
    'metrics',
    'user_name',
    'user_data',
    'user_files',
    'user_iso',
    'firewalls',
    'authentication_key',
    'authentication_password',
    'hardware_profiles',
    'register_to_load_balancer',
    'instance_count',
    'attach_snapshot',
    'sandboxing',
  ],
  'keys.create': ['import_key'],
  'storage_volumes.create': ['volume_name', 'volume_description'],
} as const
type Operation = keyof typeof known

/** What limits a feature: `{ max_length: 50 }`; nothing does where it is empty. */
const constraints = z.record(z.string(), z.json())
type Features = { readonly [O in Operation]?: { readonly [name: string]: z.output<typeof constraints> } }

const named = (names: readonly string[]) =>
  z.strictObject(Object.fromEntries(names.map(name => [name, constraints.optional()]))).optional()
const operations = Object.fromEntries(Object.entries(known).map(([operation, names]) => [operation, named(names)]))

/** Names that are there without a value, and operations without a name, are not there. */
const present = (declared: Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>): Features => {
  const all = Object.entries(declared).map(([operation, names]) => {
    const given = Object.entries(names ?? {}).filter(([, limits]) => limits !== undefined)
    return [operation, Object.fromEntries(given)] as const
  })
  return Object.fromEntries(all.filter(([, names]) => Object.keys(names).length))
}

/** By operation, the features it has, each with its constraints. */
export const features = namesByOperation(
  z.strictObject(operations as { [O in Operation]: ReturnType<typeof named> }).transform(present),
)
