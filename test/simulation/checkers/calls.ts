/** What the provider may expect: one token, one body; attempts that begin fresh. (spec: drivers-and-qemu 8.) */
import { Violation } from '../violation.ts'
import type { CheckerMaker } from './checker.ts'

const NAME = 'calls are sound'

export const calls: CheckerMaker = () => {
  const bodies = new Map<string, string>()
  return {
    name: NAME,
    called({ verb, id, args, token, isAborted }) {
      if (isAborted) throw new Violation(NAME, `${verb} ${id} ${token} begins with a signal that was aborted before`)
      if (['poll', 'observe', 'list', 'probe', 'capacity'].includes(verb)) return
      const body = JSON.stringify([verb, id, args])
      const known = bodies.get(token) ?? body
      if (known !== body) throw new Violation(NAME, `${token} asked for ${known}, and now for ${body}`)
      bodies.set(token, body)
    },
  }
}
