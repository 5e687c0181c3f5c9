/** I17, and the class "a superseded ask is answered": an ask is answered once, while it is open, by one of its answers. */
import { Violation } from '../violation.ts'
import type { CheckerMaker } from './checker.ts'

const FENCED = 'I17 fenced'
const SUPERSEDED = 'superseded stays unanswered'

export const fenced: CheckerMaker = () => {
  const answered = new Set<string>()
  return {
    name: FENCED,
    event({ answers, position, type }, world) {
      if (answers === undefined) return
      const closing = world.fold.closed.get(answers)
      if (closing?.how === 'superseded')
        throw new Violation(
          SUPERSEDED,
          `event ${position} ${type} answers ${answers}, superseded at ${closing.position}`,
        )
      if (answered.has(answers))
        throw new Violation(FENCED, `event ${position} ${type} answers ${answers} a second time`)
      if (!closing) throw new Violation(FENCED, `event ${position} ${type} answers ${answers}, which nobody asked`)
      answered.add(answers)
    },
  }
}
