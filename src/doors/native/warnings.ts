/** What was done, but not as asked, also for who reads no bodies: a header of every answer to commands, at every door. */
import type { CommandResult } from '../../index.ts'
import type { AnySession } from './engine.ts'

export const WARNING_HEADER = 'x-lifecycle-warning'

/** One value for each warning, `<code>: <sentence>`; the same of several commands is said once. */
export function warningsIn(results: readonly CommandResult[]): string[] {
  const warnings = results.flatMap(each => each.warnings ?? [])
  return [...new Set(warnings.map(({ code, sentence }) => `${code}: ${sentence}`))]
}

/** The session for one request whose answer is not its results: what it submits is remembered for `warningsIn`. */
export function remembering(session: AnySession): { session: AnySession; results: CommandResult[] } {
  const results: CommandResult[] = []
  const submit: AnySession['submit'] = async (commands, options) => {
    const done = await session.submit(commands, options)
    if (!options?.dryRun) results.push(...done)
    return done
  }
  const read = (name: string | symbol) => {
    const value: unknown = Reflect.get(session, name, session)
    return typeof value === 'function' ? value.bind(session) : value
  }
  const remembered = new Proxy(session, { get: (_, name) => (name === 'submit' ? submit : read(name)) })
  return { session: remembered, results }
}
