import { expect, it } from 'vitest'
import { VirtualClock } from '../../src/cli/trace/virtual-clock.ts'

it('wakes in order of time when time is moved, and never before', () => {
  const clock = new VirtualClock(1_000)
  const woken: string[] = []
  clock.wakeAt(3_000, () => woken.push('third'))
  clock.wakeAt(1_500, () => woken.push('first'))
  clock.wakeAt(2_000, () => woken.push('second'))
  const forget = clock.wakeAt(2_500, () => woken.push('forgotten'))
  clock.advance(1_499)
  expect(woken).toEqual([])
  forget()
  clock.advance(2_999)
  expect(woken).toEqual(['first', 'second'])
  clock.advance(9_000)
  expect(woken).toEqual(['first', 'second', 'third'])
})

it('does not go back', () => {
  const clock = new VirtualClock(5_000)
  clock.advance(4_000)
  expect(clock.now()).toBe(5_000)
})

it('wakes what is due already, once, after its caller has returned', async () => {
  const clock = new VirtualClock(5_000)
  const woken: number[] = []
  clock.wakeAt(4_000, () => woken.push(4_000))
  expect(woken).toEqual([])
  await new Promise<void>(resolve => clock.soon(resolve))
  clock.advance(6_000)
  expect(woken).toEqual([4_000])
})
