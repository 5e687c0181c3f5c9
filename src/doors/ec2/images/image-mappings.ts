/** The block devices of an image, as the engine takes them. A key of encryption is a volume's, not an image's. */
import { type BlockDeviceMapping, checkMappings, type EngineMapping, engineMappings } from '../block-devices.ts'
import { Ec2Error } from '../errors.ts'

/** Throws Ec2Error InvalidParameterCombination for a key, and what is wrong with any mapping. */
export function checkImageMappings(mappings: readonly BlockDeviceMapping[] = []): void {
  checkMappings(mappings)
  if (mappings.some(({ Ebs }) => Ebs?.KmsKeyId !== undefined))
    throw new Ec2Error('InvalidParameterCombination', 'The parameter KmsKeyId cannot be used with an image.')
}

export const imageMappings = (mappings: readonly BlockDeviceMapping[] = []): Omit<EngineMapping, 'kmsKey'>[] =>
  engineMappings(mappings).map(({ kmsKey: _, ...rest }) => rest)
