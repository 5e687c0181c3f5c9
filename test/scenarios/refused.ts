/** What a request was refused for. */
import { Refused } from '../../src/index.ts'

/** Codes of all reasons, of every command in it; none if it was accepted. Throws what is no refusal. */
export const codesOf = async (asked: Promise<unknown>): Promise<string[]> =>
  asked.then(
    () => [],
    error => {
      if (!(error instanceof Refused)) throw error
      return error.refusals.flatMap(({ reasons }) => reasons.map(({ code }) => code))
    },
  )
