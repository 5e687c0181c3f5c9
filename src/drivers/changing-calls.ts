/** Every call of the contract that changes something at a provider: each has a token, an outcome, and may be repeated. */
export const changingCalls = [
  'volumeEnsure',
  'volumeResize',
  'volumeDelete',
  'volumeSnapshotEnsure',
  'volumeSnapshotDelete',
  'instanceEnsure',
  'instancePower',
  'instanceReset',
  'instanceDestroy',
  'attach',
  'detach',
] as const
export type ChangingCall = (typeof changingCalls)[number]
