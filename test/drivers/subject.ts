/** A simulated provider as the driver contract meets one, with everything that can be done to it from outside. */
import type { SimulatedDriver, SimulatedOptions } from '../../src/drivers/simulated/index.ts'
import type { DriverSubject } from '../../src/testing/driver-contract.ts'

/** Answers soon, and does soon what it has accepted. */
export const quick: SimulatedOptions = { latencyMs: { min: 0, max: 2 }, delayMs: { min: 5, max: 20 } }

let images = 0

export const subjectOf = (driver: SimulatedDriver, rest: Partial<DriverSubject> = {}): DriverSubject => {
  let current = driver
  const { reopen } = rest
  return {
    driver,
    fail: (verb, fault) => current.failNext(verb as keyof typeof driver.calls, fault),
    guests: {
      end: async instance => void current.powerOffGuest(instance),
      hang: async instance => void current.hangGuest(instance),
      write: async (instance, text) => {
        if (!current.writeRoot(instance, text)) throw new Error(`no guest of ${instance} could write`)
      },
      read: async instance => {
        const text = current.readRoot(instance)
        if (text === undefined) throw new Error(`no guest of ${instance} could read`)
        return text
      },
    },
    loseHost: async instance => void current.loseHost(instance),
    stall: async instance => {
      if (!current.stallGuest(instance)) throw new Error(`no guest of ${instance} runs`)
      return async () => current.makeRoom()
    },
    freshImage: async () => `image-${++images}`,
    removeImage: async image => current.removeImage(image),
    auxiliary: async instance => current.auxiliary(instance),
    cleanup: () => current.close!(),
    ...rest,
    reopen:
      reopen &&
      (async () => {
        current = (await reopen()) as SimulatedDriver
        return current
      }),
  }
}
