/** `?at=` of a request that reads: the cloud as it was, by the same routes. */
import type { FastifyRequest } from 'fastify'
import { InvalidRequest, momentIn } from '../../index.ts'
import type { AnyEngine, AnyPast } from './engine.ts'

/** The config of routes that also read the past. */
export const readsPast = { config: { readsPast: true } } as const

/**
 * The past that a request names, which its route then finds no more among its parameters. Throws InvalidRequest for what
 * is no moment, and where there is no past to read.
 */
export async function pastAsked(engine: AnyEngine, request: FastifyRequest): Promise<AnyPast | undefined> {
  const { at, ...query } = { ...(request.query as Record<string, unknown>) }
  if (at === undefined) return undefined
  const { readsPast } = request.routeOptions.config as { readsPast?: boolean }
  if (!readsPast) throw new InvalidRequest('invalidInput', 'at', 'at: there is no such parameter here.')
  if (typeof at !== 'string') throw new InvalidRequest('invalidInput', 'at', 'at: is given once.')
  request.query = query
  return engine.at(momentIn(at))
}
