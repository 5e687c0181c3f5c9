/** The driver under test, and how a test opens and closes it. */
import type { Driver } from '../../drivers/driver.ts'

/** A way in which a driver that can be told to fails on purpose. */
export type ContractFault = 'beforeEffect' | 'afterEffect' | 'delay' | 'refusedLater' | 'throws'

/** What is done inside a guest, as its own operating system would. */
export interface Guests {
  /** Shuts it down. */
  end?(instance: string): Promise<void>
  /** Writes a short text to its root disk, in place of the one before, so that it is not lost with the power. */
  write?(instance: string, text: string): Promise<void>
  /** The text written last to the root disk it has; empty if none was. */
  read?(instance: string): Promise<string>
  /** From now on it does nothing of what it is asked to: no turning off, no letting go of a disk. */
  hang?(instance: string): Promise<void>
}

/** One fresh provider with its driver. What is optional widens what can be tested; what is missing skips, with a reason. */
export interface DriverSubject {
  readonly driver: Driver
  /** Gives back everything that was made. */
  cleanup?(): Promise<void>
  /** Makes the next call of this verb go wrong. */
  fail?(verb: string, fault: ContractFault): void
  /** Opens a new driver on what the old one left. Whether the old one was closed is part of what is being tested. */
  reopen?(): Promise<Driver>
  readonly guests?: Guests
  /** The machine under an instance is lost. */
  loseHost?(instance: string): Promise<void>
  /** The guest of an instance writes more than there is room for; what is returned makes room again. */
  stall?(instance: string): Promise<() => Promise<void>>
  /** An image that nobody uses yet, for providers whose instances run on images. */
  freshImage?(): Promise<string>
  /** Takes an image away at the provider; false if it refuses because something needs it. */
  removeImage?(image: string): Promise<boolean>
  /** Kinds of what the provider made beside an instance and has now, be the instance there or not. */
  auxiliary?(instance: string): Promise<readonly string[]>
}

export interface DriverContract {
  /** Name of the driver in the titles of the tests. */
  readonly name: string
  /** Called once for each test. */
  make(): Promise<DriverSubject>
  /** An image the provider can start. Default `image`, for providers that do not look. */
  readonly image?: string
  /** Size of the volumes that are made. Default 64 MiB, rounded up to what the provider declares. */
  readonly sizeBytes?: number
  /** The largest volume that a test may make, where size costs. Default four times `sizeBytes`. */
  readonly sizeBytesMax?: number
  readonly vcpus?: number
  /** Names of two of its pools, between which volumes are moved. Default `one` and `other`, for providers that do not look. */
  readonly pools?: readonly [string, string]
  /** Default 128 MiB, rounded up to what the provider declares. */
  readonly memoryBytes?: number
  /** How long one call may take until it is done. Default 60 000. */
  readonly callTimeoutMs?: number
}
