/** What all rules of the model speak of alike: devices, accounts, tags. */
import type { Envelope } from '../../machines/grammar.ts'
import type { Look, Tags, Verdict } from './model-shapes.ts'

// biome-ignore lint/suspicious/noExplicitAny: data of every event, read by name
export type Data = any
export const deviceName = (name: string) => name.replace('/dev/', '').replace(/^((?:s|xv|v|h)da)1$/, '$1')
export const live = ['pending', 'running', 'suspending', 'suspended', 'stopping', 'stopped']

export const isOpen = (account: string, look: Look) => (look(`account/${account}`)?.state ?? 'open') === 'open'

/** Setting what is set, or taking off what is not there, is nothing. (9.) */
export const tagging = {
  tag: ({ tags }: { tags: Tags }, { tags: given }: Data): Verdict =>
    Object.entries(given).every(([key, value]) => tags[key] === value) ? 'unchanged' : 'accepted',
  untag: ({ tags }: { tags: Tags }, { tags: named }: Data): Verdict =>
    named.some(({ key, value = tags[key] }: Data) => tags[key] !== undefined && tags[key] === value)
      ? 'accepted'
      : 'unchanged',
}
export const tagEvents = {
  tagRequested: ({ tags }: { tags: Tags }, { data }: Envelope<Data>) => ({ tags: { ...tags, ...data.tags } }),
  untagRequested: ({ tags }: { tags: Tags }, { data }: Envelope<Data>) => {
    const goes = ([key, value]: [string, string]) =>
      data.tags.some((each: Data) => each.key === key && (each.value ?? value) === value)
    return { tags: Object.fromEntries(Object.entries(tags).filter(each => !goes(each))) }
  },
}
