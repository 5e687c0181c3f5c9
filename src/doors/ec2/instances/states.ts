/** The six states of an instance and their codes on the wire: the low byte; clients ignore the high one. (spec: ec2 2.1) */
const codes: Readonly<Record<string, number>> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
}

/** A state as responses show it. */
export const stateItem = (name: string) => ({ code: codes[name]!, name })
