/** Query parameters: each route names its own, and everything else is refused. */
import { z } from 'zod'
import { InvalidRequest } from '../../index.ts'

/** Parses the parameters of a request. Throws InvalidRequest naming the parameter. */
export function parameters<S extends z.ZodType>(schema: S, query: unknown): z.output<S> {
  const parsed = schema.safeParse({ ...(query as object) })
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  const field = String(unknown ?? issue?.path[0] ?? 'query')
  const message = unknown === undefined ? issue?.message : 'there is no such parameter here'
  throw new InvalidRequest('invalidInput', field, `${field}: ${message}.`)
}

/** A whole number as text, not below `min`. */
export const whole = (min: number, max = Number.MAX_SAFE_INTEGER) => {
  const message = `is a whole number from ${min} to ${max}`
  return z
    .string(message)
    .regex(/^\d{1,16}$/, message)
    .transform(Number)
    .refine(value => value >= min && value <= max, message)
}
export const flag = z.enum(['true', 'false'], 'is true or false').transform(value => value === 'true')
export const text = z.string('is given once')
