/** What the suite needs of a test runner: the `describe`, `it` and `expect` of vitest, or of one that is like it. */
export interface TestRun {
  /** Marks the running test as skipped, with the reason; may throw to leave it. */
  skip(reason: string): unknown
}
export interface Matchers {
  toBe(expected: unknown): unknown
  toEqual(expected: unknown): unknown
  toMatchObject(expected: object): unknown
  toContain(expected: unknown): unknown
}
export interface Runner {
  describe(title: string, declare: () => void): unknown
  it(title: string, test: (run: TestRun) => Promise<void>): unknown
  expect(value: unknown): Matchers
}
