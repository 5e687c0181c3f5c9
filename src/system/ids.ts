/** Ids of 17 hexadecimal digits that rise with time: 11 of milliseconds, 6 of a counter that starts at chance. */
import { randomInt } from 'node:crypto'
import type { Ids } from '../runtime/ids.ts'

const COUNTS = 0x1000000

export function systemIds(): Ids {
  let last = 0
  let count = randomInt(COUNTS)
  return {
    next(now) {
      // A clock that steps back must not bring an old prefix back: the counter then runs on under the last one.
      if (now > last) {
        last = now
        count = (count + 1 + randomInt(1_024)) % COUNTS
      } else {
        count += 1
        if (count >= COUNTS) {
          count = 0
          last += 1
        }
      }
      return last.toString(16).padStart(11, '0') + count.toString(16).padStart(6, '0')
    },
  }
}
