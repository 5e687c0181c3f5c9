import { describe, expect, it } from 'vitest'
import { failures } from '../../../src/doors/ec2/failures.ts'

describe('failures', () => {
  it('are counted by source, for a minute', () => {
    const counted = failures(2)
    counted.count('a', 0)
    expect(counted.isBlocked('a', 1)).toBe(false)
    counted.count('a', 59_999)
    expect(counted.isBlocked('a', 59_999)).toBe(true)
    expect(counted.isBlocked('b', 59_999)).toBe(false)
    expect(counted.isBlocked('a', 60_000)).toBe(false)
  })

  it('of the oldest sources are forgotten when there are too many', () => {
    const counted = failures(1)
    for (let source = 0; source <= 10_000; source += 1) counted.count(`address-${source}`, 0)
    expect(counted.isBlocked('address-0', 0)).toBe(false)
    expect(counted.isBlocked('address-1', 0)).toBe(true)
    expect(counted.isBlocked('address-10000', 0)).toBe(true)
  })

  it('block nobody where no limit is set', () => {
    const counted = failures()
    for (let count = 0; count < 1_000; count += 1) counted.count('a', 0)
    expect(counted.isBlocked('a', 0)).toBe(false)
  })
})
