/**
 * Every code that this door answers with: clients match on them, so no other can be thrown, and none changes. The status
 * is 400 unless it says otherwise; those of 500 and above are worth trying again. (spec: ec2 10)
 */
interface ErrorCodeSpec {
  /** HTTP status. */
  readonly status?: number
  /** For the reference: when it is said. */
  readonly when: string
}

export const errorCodes = {
  // Who is asking
  AuthFailure: { status: 401, when: 'unknown access key; a resource of others that the caller may only see' },
  MissingAuthenticationToken: { status: 403, when: 'no signature' },
  InvalidClientTokenId: { status: 403, when: 'temporary credentials, which there are not' },
  SignatureDoesNotMatch: { status: 403, when: 'wrong signature, service, region or signed headers' },
  IncompleteSignature: { when: 'a signature that cannot be read' },
  RequestExpired: { when: 'signed too long ago, or in the future' },
  UnauthorizedOperation: { status: 403, when: 'the account may not do this, or is suspended' },

  // What is asked
  InvalidAction: { when: 'no such action' },
  NoSuchVersion: { when: 'no such version of the protocol' },
  InvalidRequest: { when: 'a copy that names another destination than the region it is asked of' },
  UnknownParameter: { when: 'a parameter that the action does not have' },
  MissingParameter: { when: 'a parameter that it needs' },
  InvalidParameterValue: { when: 'a value that cannot be, also filters and pages that are unknown' },
  InvalidParameterCombination: { when: 'parameters that contradict each other, or one given twice' },
  InvalidParameterDependency: { when: 'a parameter that needs another one' },
  DryRunOperation: { status: 412, when: 'a dry run whose parameters are right' },
  FilterLimitExceeded: { when: 'too many filters, or values of one' },
  InvalidNextToken: { when: 'a page token of another request' },
  IdempotentParameterMismatch: { when: 'a client token that came before with other parameters' },
  IdempotentInstanceTerminated: { when: 'a client token whose instances have ended' },

  // Instances
  'InvalidInstanceID.NotFound': { when: 'no such instance in this account and region' },
  'InvalidInstanceID.Malformed': { when: 'no id of an instance' },
  IncorrectInstanceState: { when: 'the instance is not in a state for this' },
  OperationNotPermitted: { when: 'the instance is protected' },
  UnsupportedOperation: { when: 'not for this instance, or not by its provider' },
  InvalidInstanceAttributeValue: { when: 'an attribute that cannot have this value' },
  InvalidInstanceType: { when: 'no such instance type' },
  InstanceLimitExceeded: { when: 'more instances in one launch, or in the account, than there may be' },
  VcpuLimitExceeded: { when: 'more vCPUs than the account may have' },
  VolumeLimitExceeded: { when: 'more volumes, or bytes of them, than the account may have' },
  SnapshotLimitExceeded: { when: 'more snapshots, or bytes of them, than the account may have' },
  ResourceLimitExceeded: { when: 'more of something else, such as images, than the account may have' },
  'InvalidUserData.Malformed': { when: 'user data that are not base64' },
  InvalidBlockDeviceMapping: { when: 'disks of a launch or image that do not fit together' },

  // Volumes
  'InvalidVolume.NotFound': { when: 'no such volume' },
  'InvalidVolume.ZoneMismatch': { when: 'volume and instance are in different zones' },
  VolumeInUse: { when: 'the volume is attached' },
  IncorrectState: { when: 'a volume, snapshot or attachment is not in a state for this' },
  IncorrectModificationState: { when: 'a change of the volume is under way' },
  'InvalidVolumeModification.NotFound': { when: 'the volume was never changed' },
  'InvalidAttachment.NotFound': { when: 'the volume is not attached there' },
  InsufficientVolumeCapacity: { status: 500, when: 'no storage in the zone has room for the volume' },
  AttachmentLimitExceeded: { when: 'no room for another volume' },
  'InvalidZone.NotFound': { when: 'no such zone in the region' },

  // Snapshots and images
  'InvalidSnapshot.NotFound': { when: 'no such snapshot' },
  'InvalidSnapshot.InUse': { when: 'an image uses the snapshot' },
  ConcurrentSnapshotLimitExceeded: { when: 'too many snapshots of the volume are being made' },
  'InvalidAMIID.NotFound': { when: 'no such image that the caller may see' },
  'InvalidAMIID.Malformed': { when: 'no id of an image' },
  'InvalidAMIID.Unavailable': { when: 'the image is not available' },
  'InvalidAMIName.Duplicate': { when: 'an image of the account has the name' },
  'InvalidAMIName.Malformed': { when: 'no name of an image' },
  InvalidAMIAttributeItemValue: { when: 'no account to share an image with' },

  // Key pairs and tags
  'InvalidKeyPair.NotFound': { when: 'no such key pair' },
  'InvalidKeyPair.Duplicate': { when: 'a key pair of the account has the name' },
  'InvalidKeyPair.Format': { when: 'no key in a form that is known' },
  InvalidID: { when: 'an id to tag that there is not' },
  TagLimitExceeded: { when: 'more than fifty tags of a resource' },

  // The default network
  'InvalidVpcID.NotFound': { when: 'not the default network' },
  'InvalidSubnetID.NotFound': { when: 'none of its subnets' },
  'InvalidGroup.NotFound': { when: 'not its security group' },
  'InvalidInternetGatewayID.NotFound': { when: 'not its gateway' },
  'InvalidRouteTableID.NotFound': { when: 'not its route table' },
  'InvalidNetworkAclID.NotFound': { when: 'not its access list' },
  'InvalidDhcpOptionID.NotFound': { when: 'not its options' },
  'InvalidNetworkInterfaceID.NotFound': { when: 'any network interface' },
  'InvalidAddress.NotFound': { when: 'any elastic address' },
  'InvalidAllocationID.NotFound': { when: 'any allocation of one' },
  'InvalidPlacementGroup.Unknown': { when: 'any placement group' },

  // The server
  RequestLimitExceeded: { status: 503, when: 'more waits than the server takes, or too many wrong signatures' },
  Unavailable: { status: 503, when: 'the server ends, or a provider does not answer' },
  InternalError: { status: 500, when: 'a fault of the server' },
} as const satisfies Readonly<Record<string, ErrorCodeSpec>>

export type ErrorCode = keyof typeof errorCodes

export const statusOf = (code: ErrorCode): number => (errorCodes[code] as ErrorCodeSpec).status ?? 400
