/** The driver under test, and how a test opens and closes it. */
import type { Driver } from '../../drivers/driver.ts'

/** A way in which a driver that can be told to fails on purpose. */
export type ContractFault = 'beforeEffect' | 'afterEffect' | 'delay' | 'throws'

/** One fresh provider with its driver. What is optional widens what can be tested; what is missing skips, with a reason. */
export interface DriverSubject {
  readonly driver: Driver
  /** Gives back everything that was made. */
  cleanup?(): Promise<void>
  /** Makes the next call of this verb go wrong. */
  fail?(verb: string, fault: ContractFault): void
  /** Opens a new driver on what the old one left. Whether the old one was closed is part of what is being tested. */
  reopen?(): Promise<Driver>
  /** Ends the guest of an instance from inside, as its own operating system would. */
  endGuest?(instance: string): Promise<void>
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
  readonly vcpus?: number
  readonly memoryBytes?: number
  /** How long one call may take until it is done. Default 60 000. */
  readonly callTimeoutMs?: number
}
