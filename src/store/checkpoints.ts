/**
 * Checkpoints of views: their rows as of a position, kept beside a store so that a past need not be folded from the first
 * event. Whatever is here follows from the log and may be thrown away at any time; nothing in the log depends on it.
 */

/** What a checkpoint is of. Two with the same view and position are one: the later takes the place of the earlier. */
export interface CheckpointHead {
  readonly view: string
  readonly position: number
  /** What the rows were folded with: one that differs is stale. */
  readonly basis: string
  /** The log it was folded from: one that differs is another log's. */
  readonly lineage: string
}

/** Entries in order, in any number of lists. They come back as their JSON has them. */
export type Entries = Iterable<readonly unknown[]>

/** Nothing here throws for what is on the disk: a checkpoint that cannot be read is none, one that cannot be kept is not kept. */
export interface CheckpointFile {
  /** Of one view, ordered by position. */
  heads(view: string): CheckpointHead[]
  /** All of it, or undefined where any of it is not as it was written. */
  read(head: CheckpointHead): unknown[] | undefined
  /** `pause` is called between two lists: others get a turn. */
  write(head: CheckpointHead, entries: Entries, pause: () => Promise<void>): Promise<void>
  remove(head: CheckpointHead): void
}
