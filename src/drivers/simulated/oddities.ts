/**
 * What drivers of real providers were found to do against their own word, each as a simulated one:
 * `simulated(simulatedOddities.stopThatDestroys)`. Whoever plans from capabilities is to survive them, and the driver
 * contract is to find them out. (spec: stateful-and-deltacloud 2.2 and 6.)
 */
import { simulatedClasses } from './classes.ts'
import type { SimulatedOptions } from './options.ts'

export const simulatedOddities = {
  /** Declares a stop that keeps everything; the instance and its root are gone after it. */
  stopThatDestroys: {
    capabilities: simulatedClasses.B,
    abilities: { stop: 'destroys', vanishesAfterStop: true, rootOnDestroy: 'deletes', rootOnStop: 'deletes' },
  },
  /** Declares a stop; the guest is restarted instead, and runs on. */
  stopThatReboots: { capabilities: simulatedClasses.B, quirks: ['stopReboots'] },
  /** Declares a stop that keeps the root; after it, the root is as the image is. */
  stopThatForgets: { capabilities: simulatedClasses.C, abilities: { rootOnStop: 'deletes' } },
  /** Declares that the root it made goes with the instance; it stays, and nobody knows of it. */
  leakedBootDisk: { capabilities: simulatedClasses.A, abilities: { rootOnDestroy: 'keeps', rootOnStop: 'keeps' } },
  /** Accepts a launch that then fails, and forgets both; the script makes the first launch one of those. */
  lostCreateError: {
    capabilities: simulatedClasses.C,
    quirks: ['losesErrors'],
    script: [{ verb: 'instanceEnsure', nth: 1, fault: 'refusedLater' }],
  },
} as const satisfies Readonly<Record<string, SimulatedOptions>>
