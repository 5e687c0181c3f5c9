/** Every call of the contract that changes something at a provider: each has a token, an outcome, and may be repeated. */
export const changingCalls = [
  'imageDelete',
  'volumeEnsure',
  'volumeResize',
  'volumeDelete',
  'volumeSnapshotEnsure',
  'volumeSnapshotDelete',
  'volumeSnapshotGroupEnsure',
  'volumeRevert',
  'volumeMigrate',
  'instanceEnsure',
  'instancePower',
  'instanceReset',
  'instanceDestroy',
  'attach',
  'detach',
  'vmSnapshotEnsure',
  'vmSnapshotRevert',
  'vmSnapshotDelete',
] as const
export type ChangingCall = (typeof changingCalls)[number]
