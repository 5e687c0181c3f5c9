/** What the EC2 protocol answers when it says no: a code that clients match on, and a sentence. (spec: ec2 10) */

import type { ErrorCode } from './error-codes.ts'

/** Throw it anywhere in an action: it is answered in the envelope of the protocol. */
export class Ec2Error extends Error {
  override readonly name = 'Ec2Error'
  readonly code: ErrorCode
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export const missing = (parameter: string): Ec2Error =>
  new Ec2Error('MissingParameter', `The request must contain the parameter ${parameter}`)
/** Of a value, no more is repeated than a sentence bears. */
export const invalid = (parameter: string, value: string, why = ''): Ec2Error => {
  const shown = value.length > 256 ? `${value.slice(0, 256)}…` : value
  return new Ec2Error(
    'InvalidParameterValue',
    `Value (${shown}) for parameter ${parameter} is invalid.${why && ` ${why}`}`,
  )
}
