/** What an image may be called. (spec: ec2 5.2) */
import { Ec2Error } from '../errors.ts'

const name = /^[A-Za-z0-9 ()[\]./\-'@_]{3,128}$/
const DESCRIPTION_MAX = 255

/** Throws Ec2Error InvalidAMIName.Malformed, InvalidParameterValue. */
export function checkWords({ Name, Description }: { readonly Name: string; readonly Description?: string }): void {
  if (!name.test(Name))
    throw new Ec2Error(
      'InvalidAMIName.Malformed',
      "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', '-', '/' and '_'",
    )
  checkDescription(Description)
}

export function checkDescription(description = ''): void {
  if (description.length <= DESCRIPTION_MAX) return
  throw new Ec2Error(
    'InvalidParameterValue',
    `Value for parameter description is too long. Maximum length is ${DESCRIPTION_MAX} characters.`,
  )
}
