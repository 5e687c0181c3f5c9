/** Bug class: an old or late sight of the provider is taken for news, and a guest that runs is stopped for it. */
import { Violation } from '../violation.ts'
import type { CheckerMaker } from './checker.ts'

const NAME = 'news is true'

const endings = new Set(['instance.poweredOff', 'instance.vanished', 'instance.memoryLost'])

export const trueNews: CheckerMaker = () => ({
  name: NAME,
  event({ type, resource, position, answers }, world) {
    if (answers !== undefined || !endings.has(type)) return
    if (!world.disturbed.has(resource))
      throw new Violation(NAME, `event ${position} says ${type} of ${resource}, whose guest never ended`)
  },
})
