/** Bug class: an old or late sight of the provider is taken for news, and a guest that runs is stopped for it. */
import { Violation } from '../violation.ts'
import type { CheckerMaker } from './checker.ts'

const NAME = 'news is true'

export const trueNews: CheckerMaker = () => ({
  name: NAME,
  event({ type, resource, position, answers }, world) {
    if (answers !== undefined || (type !== 'instance.poweredOff' && type !== 'instance.vanished')) return
    if (!world.disturbed.has(resource))
      throw new Violation(NAME, `event ${position} says ${type} of ${resource}, whose guest never ended`)
  },
})
