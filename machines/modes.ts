/** What an instance may be, and what an image is built for: a disk that survives a stop, or nothing to come back to. */
export const modes = ['stateful', 'stateless'] as const
export type Mode = (typeof modes)[number]
