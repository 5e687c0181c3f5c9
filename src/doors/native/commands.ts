/** `POST /v1/<kind>/<verb>` and `POST /v1/submit`: words in, commands out. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { type CommandInput, type CommandResult, InvalidRequest } from '../../index.ts'
import { fieldsOf } from './body.ts'
import type { AnyEngine, AnySession, Inside } from './engine.ts'
import { idMeant, pathOf } from './paths.ts'
import { flag, parameters } from './query.ts'
import { WARNING_HEADER, warningsIn } from './warnings.ts'

/** The longest that `?wait=settled` holds an answer back. Longer, and proxies and clients give up first. */
const WAIT_MS_MAX = 30_000
const TOKEN_LENGTH_MAX = 128

const asked = z.strictObject({
  dryRun: flag.default(false),
  wait: z.literal('settled', 'is settled or left away').optional(),
})
const askedAtomically = asked.omit({ wait: true })

/** A result, and with `?wait=settled` the state the resource came to; null if it was still on its way. */
type CommandAnswer = CommandResult & { readonly settled?: string | null }

export function commandRoutes(app: FastifyInstance, inside: Inside): void {
  const { engine, sessionOf, closing } = inside

  app.post<{ Params: { kind: string; verb: string } }>('/v1/:kind/:verb', async (request, reply) => {
    const { kind, verb } = request.params
    const { dryRun, wait } = parameters(asked, request.query)
    const command = commandOf(engine, kind, verb, request)
    const session = sessionOf(request)
    const [result] = (await session.submit([command], { token: tokenOf(request), dryRun })) as [CommandResult]
    nameCreated(engine, command, result, dryRun, reply)
    warn(reply, [result])
    if (wait === undefined || dryRun) return result
    return { ...result, settled: await settledState(session, result.id, closing, reply) } satisfies CommandAnswer
  })

  app.post('/v1/submit', async (request, reply) => {
    const { dryRun } = parameters(askedAtomically, request.query)
    const { commands, ...others } = fieldsOf(request.body)
    const [unknown] = Object.keys(others)
    if (unknown !== undefined)
      throw new InvalidRequest('invalidInput', unknown, `${unknown}: a submit has only the field 'commands'.`)
    if (!Array.isArray(commands))
      throw new InvalidRequest('invalidInput', 'commands', 'commands: a submit has a list of commands.')
    const checked = commands.map((each, index) => memberOf(engine, each, index))
    const results = await sessionOf(request).submit(checked, { token: tokenOf(request), dryRun })
    warn(reply, results)
    return { results }
  })
}

function warn(reply: FastifyReply, results: readonly CommandResult[]): void {
  const warnings = warningsIn(results)
  if (warnings.length) reply.header(WARNING_HEADER, warnings)
}

/** The command that a body asks for: its fields are the input, but for the `id` of the target. */
function commandOf(engine: AnyEngine, kindName: string, verb: string, request: FastifyRequest): CommandInput {
  const { compiled, command } = engine.catalogue.command(kindName, verb)
  const expectedVersion = versionOf(request.headers['if-match'])
  const fields = fieldsOf(request.body)
  const { kind } = compiled
  if (command.creates) {
    if (expectedVersion !== undefined)
      throw new InvalidRequest('invalidInput', 'If-Match', 'If-Match: what is created has no version to match.')
    return { kind: kind.name, command: verb, input: fields }
  }
  const { id, ...input } = fields
  return { kind: kind.name, command: verb, id: meant(engine, kind.name, id), input, expectedVersion }
}

const member = z.strictObject({
  kind: z.string(),
  command: z.string(),
  id: z.string().optional(),
  input: z.unknown().optional(),
  expectedVersion: z.int().nonnegative().optional(),
})

function memberOf(engine: AnyEngine, given: unknown, index: number): CommandInput {
  const parsed = member.safeParse(given)
  if (parsed.success)
    return { ...parsed.data, id: meant(engine, parsed.data.kind, parsed.data.id) as string | undefined }
  const [issue] = parsed.error.issues
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  const field = ['commands', index, ...(issue?.path ?? []), ...unknown].map(String).join('.')
  throw new InvalidRequest('invalidInput', field, `${field}: ${issue?.message}.`)
}

/** Whatever is no text is left for the engine to refuse. */
const meant = (engine: AnyEngine, kind: string, id: unknown): string | undefined =>
  (typeof id === 'string' ? idMeant(engine.catalogue.kind(kind).kind, id) : id) as string | undefined

/** The `Idempotency-Key`. The same request with the same key is answered again, never done again. */
function tokenOf({ headers }: FastifyRequest): string | undefined {
  const token = headers['idempotency-key']
  if (token === undefined) return undefined
  if (typeof token === 'string' && token !== '' && token.length <= TOKEN_LENGTH_MAX) return token
  const message = `Idempotency-Key: a key is a text of 1 to ${TOKEN_LENGTH_MAX} characters.`
  throw new InvalidRequest('invalidInput', 'Idempotency-Key', message)
}

/** `If-Match: "3"`, as the ETag of a resource says it, or plainly `3`. */
function versionOf(header: string | undefined): number | undefined {
  if (header === undefined) return undefined
  const [, quoted, plain] = /^(?:"(\d{1,15})"|(\d{1,15}))$/.exec(header) ?? []
  if (quoted !== undefined || plain !== undefined) return Number(quoted ?? plain)
  throw new InvalidRequest('invalidInput', 'If-Match', 'If-Match: give the version of the resource, as its ETag does.')
}

function nameCreated(
  engine: AnyEngine,
  { kind: kindName, command: verb }: CommandInput,
  { id }: CommandResult,
  dryRun: boolean,
  reply: FastifyReply,
): void {
  const { compiled, command } = engine.catalogue.command(kindName, verb)
  if (!command.creates || dryRun) return
  reply.code(201).header('location', pathOf(compiled.kind, id))
}

async function settledState(
  session: AnySession,
  id: string,
  closing: AbortSignal,
  reply: FastifyReply,
): Promise<string | null> {
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  const signal = AbortSignal.any([AbortSignal.timeout(WAIT_MS_MAX), closing, gone.signal])
  try {
    return await session.settled(id, { signal })
  } catch (error) {
    if (signal.aborted) return null
    throw error
  }
}
