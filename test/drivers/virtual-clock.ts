import type { SimulatedClock } from '../../src/drivers/simulated/index.ts'

/** Time that passes only when a test says so. */
export interface VirtualClock extends SimulatedClock {
  pass(ms: number): void
}

export const virtualClock = (): VirtualClock => {
  let now = 1_800_000_000_000
  let wakers: { time: number; wake: () => void }[] = []
  return {
    now: () => now,
    wakeAt: (time, wake) => {
      const waker = { time, wake }
      wakers.push(waker)
      return () => {
        wakers = wakers.filter(other => other !== waker)
      }
    },
    soon: queueMicrotask,
    pass: ms => {
      now += ms
      const due = wakers.filter(({ time }) => time <= now).sort((a, b) => a.time - b.time)
      wakers = wakers.filter(({ time }) => time > now)
      for (const { wake } of due) wake()
    },
  }
}
