/** News an image hears and does nothing about, state by state, with the reason. */
import { ignore } from './grammar.ts'
import type { imageEvents } from './image.alphabet.ts'

type News = keyof typeof imageEvents.specs & string
const ignoring = <const K extends News>(why: string, ...names: K[]) =>
  Object.fromEntries(names.map(name => [`image.${name}`, ignore(why)])) as Record<
    `image.${K}`,
    ReturnType<typeof ignore>
  >

const making = ['snapshotBegun', 'snapshotCompleted', 'snapshotFailed', 'captureFailed', 'instanceTerminated'] as const

export const late = {
  absent: ignoring('it never existed', ...making, 'nameFreed', 'directUseEnded'),
  pending: {
    ...ignoring('it keeps its name', 'nameFreed'),
    ...ignoring('nothing runs on what is not made', 'directUseEnded'),
  },
  available: ignoring('it is made', ...making, 'nameFreed'),
  failed: ignoring('making it has failed for good', ...making, 'directUseEnded'),
  deregistered: ignoring('it is over', ...making, 'nameFreed', 'directUseEnded'),
}
