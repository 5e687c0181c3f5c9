/** What is said of parts of a network that there are not, and how long its lists are. */
import type { Wanted } from '../describing.ts'
import type { ErrorCode } from '../error-codes.ts'

/** `The vpc ID 'vpc-x' does not exist`, or of several. */
export const notFound = (noun: string, code: ErrorCode): Omit<Wanted<never>, 'of'> => ({
  code,
  sentence: absent => {
    const [ids, verb] = absent.length === 1 ? ['ID', 'does'] : ['IDs', 'do']
    return `The ${noun} ${ids} '${absent.join(', ')}' ${verb} not exist`
  },
})

/** Bounds of a page of a network's parts. */
export const pages = { min: 5, max: 1_000 }
