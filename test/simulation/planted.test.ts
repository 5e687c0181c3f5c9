/** The testing, tested: bugs that are planted must be found, and an alarm that cannot ring is found too. */
import { describe, expect, it } from 'vitest'
import type { Checker } from './checkers/checker.ts'
import { everyChecker } from './checkers/index.ts'
import {
  consumedTwice,
  grownAsleep,
  lostRootForgotten,
  modeIgnored,
  notSpared,
  offeredInFull,
  rootElsewhere,
  rootForgotten,
  rootLeftNowhere,
  statelessStarted,
  stopThatEnds,
  unheardStarted,
  userVolumeDeleted,
} from './planted/classes.ts'

import { availableTooEarly, deletedWhileUsed, leftOff, sourceGone } from './planted/images.ts'
import { notDisarmed, notSuperseding, notTold, releasedTooEarly } from './planted/machines.ts'
import { hunt, type Planted } from './planted/plant.ts'
import { acknowledgedTooEarly, broughtBack, forgottenTooEarly, refusedTrace, tokenMissing } from './planted/runtime.ts'
import { detachedBeside, movedBeside, stoppedMeanwhile } from './planted/vm-snapshots.ts'
import { Violation } from './violation.ts'

const planted: readonly Planted[] = [
  releasedTooEarly,
  tokenMissing,
  notDisarmed,
  notSuperseding,
  notTold,
  refusedTrace,
  acknowledgedTooEarly,
  broughtBack,
  forgottenTooEarly,
  availableTooEarly,
  deletedWhileUsed,
  leftOff,
  sourceGone,
  stopThatEnds,
  consumedTwice,
  rootForgotten,
  rootElsewhere,
  rootLeftNowhere,
  userVolumeDeleted,
  notSpared,
  statelessStarted,
  modeIgnored,
  offeredInFull,
  lostRootForgotten,
  grownAsleep,
  unheardStarted,
  detachedBeside,
  movedBeside,
  stoppedMeanwhile,
]

describe('a planted bug', () => {
  it.each(planted)('is found: $name', async bug => {
    const found = await hunt(bug)
    console.log(`planted: ${bug.name}: ${found ? `seed ${found.seeds}, ${found.message.split('\n')[0]}` : 'not found'}`)
    expect(found, bug.name).toBeDefined()
    expect(bug.noticedBy).toContain(found!.by)
  })
})

describe('the canary', () => {
  it('is a promise that nobody keeps, and it fails', async () => {
    const canary: Checker = {
      name: 'canary',
      event({ state, position }) {
        if (state.startsWith('running')) throw new Violation('canary', `event ${position}: something runs`)
      },
    }
    const found = await hunt({
      name: 'canary',
      noticedBy: ['canary'],
      options: { checkers: () => [...everyChecker(), canary] },
    })
    expect(found?.by).toBe('canary')
  })
})
