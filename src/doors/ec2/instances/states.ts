/** The six states of an instance and their codes on the wire: the low byte; clients ignore the high one. (spec: ec2 2.1) */
const codes: Readonly<Record<string, number>> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
}

/**
 * A guest that is suspended has hibernated: to clients its instance is stopped, and on its way there it is stopping. One
 * that was terminated and may be recovered is over to them: they wait until it is, and know no way to recover it.
 */
const shownAs: Readonly<Record<string, string>> = {
  suspending: 'stopping',
  suspended: 'stopped',
  recoverable: 'terminated',
}
export const shownState = (state: string): string => shownAs[state] ?? state

/** The states of the engine that are shown as one of these. */
export const statesShownAs = (names: readonly string[]): string[] => [
  ...names,
  ...Object.keys(shownAs).filter(state => names.includes(shownAs[state]!)),
]

/** A state as responses show it. */
export function stateItem(state: string) {
  const name = shownState(state)
  return { code: codes[name]!, name }
}
