/** `TagSpecification.N`: the tags of what a request makes, by type of resource. (spec: ec2 9) */
import { Ec2Error } from './errors.ts'
import { list, type ParametersOf, structure, text } from './parameters.ts'

const specification = {
  ResourceType: text(),
  Tag: list(structure({ Key: text(), Value: text() })),
}
export const tagSpecification = structure(specification)
export type TagSpecification = ParametersOf<typeof specification>
export type Tags = Readonly<Record<string, string>>

/** Keys that begin so are the cloud's own. */
const RESERVED = 'aws:'
const TAGS_MAX = 50

/**
 * Tags by type of resource; several specifications of one type add up. `allowed`: types that the action makes.
 * Throws Ec2Error InvalidParameterValue, TagLimitExceeded.
 */
export function tagsOf<T extends string>(
  specifications: readonly TagSpecification[] = [],
  allowed: readonly T[],
): { readonly [R in T]?: Tags } {
  const found = new Map<T, Map<string, string>>()
  for (const { ResourceType, Tag = [] } of specifications) {
    const type = allowed.find(each => each === ResourceType)
    if (!type) throw invalid(`'${ResourceType ?? ''}' is not a valid taggable resource type for this operation.`)
    if (Tag.length === 0) throw invalid('Tag specification must have at least one tag')
    const tags = found.get(type) ?? new Map<string, string>()
    found.set(type, tags)
    for (const { Key, Value = '' } of Tag) {
      if (tags.has(checkedKey(Key))) throw invalid('A tag key is given more than once.')
      tags.set(checkedKey(Key), checkedValue(Value))
    }
    if (tags.size > TAGS_MAX) throw new Ec2Error('TagLimitExceeded', `A resource has at most ${TAGS_MAX} tags.`)
  }
  return Object.fromEntries([...found].map(([type, tags]) => [type, Object.fromEntries(tags)])) as {
    readonly [R in T]?: Tags
  }
}

const invalid = (message: string) => new Ec2Error('InvalidParameterValue', message)

/** Throws InvalidParameterValue for a key that is missing, too long, the cloud's own, or cannot be kept. */
export function checkedKey(key: string | undefined): string {
  if (key === undefined || key === '') throw invalid('Tag keys must have at least 1 character.')
  if (key.length > 128) throw invalid('Tag keys have at most 128 characters.')
  if (key.toLowerCase().startsWith(RESERVED))
    throw invalid(`Tag keys starting with '${RESERVED}' are reserved for internal use`)
  // No record that is read from outside may have it, so it would be lost without a word.
  if (key === '__proto__') throw invalid(`The tag key '${key}' cannot be used`)
  return key
}

/** Throws InvalidParameterValue for a value that is too long. */
export function checkedValue(value: string): string {
  if (value.length > 256) throw invalid('Tag values have at most 256 characters.')
  return value
}
