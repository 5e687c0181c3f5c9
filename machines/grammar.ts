/**
 * The only vocabulary of lifecycle rules: which events a kind of resource knows and where each comes from, what a
 * transition may want from the world, which requirements may refuse a request, and what a command needs to know.
 *
 * A machine written in it is a plain XState machine; nothing here runs anything. Time, identity and chance reach a
 * machine only as data of its events. (design: "The flow", "Words", "The contract of the core" 1-3.)
 */
import type { AnyStateMachine } from 'xstate'
import { z } from 'zod'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined }

/**
 * Where an event comes from. `requested`: a caller asked and the machine agreed. `reported`: a driver said so, asked or
 * not. `elapsed`: an armed deadline came. `told`: another resource said so, never refused. `proposed`: another resource
 * asks within a cascade begun by a request; may be refused, and then the whole request is.
 */
export type Origin = 'requested' | 'reported' | 'elapsed' | 'told' | 'proposed'

/**
 * What rules write beside their own context, events and facts: each annotates it where it reads it, and the catalogue
 * test runs every rule. In one place, since TypeScript cannot say "the type its author gives it" for a heterogeneous list.
 */
// biome-ignore lint/suspicious/noExplicitAny: said above
export type Untyped = any

type Shape = Record<string, z.ZodType>
type InferShape<S extends Shape> = z.infer<z.ZodObject<S>>

/** One event of a kind: its origin, the shape of its data, the facts a request is decided with, and old shapes. */
export interface EventSpec<O extends Origin = Origin, D extends Shape = Shape, F extends Shape = Shape> {
  readonly origin: O
  /** Version of the shape of `data`. A new shape gets a new number and an upcast from the one before. */
  readonly schema: number
  readonly data: z.ZodObject<D>
  readonly facts: z.ZodObject<F>
  /** On deadlines: it ends something, so it comes before what else is due at the same millisecond. */
  readonly ends: boolean
  /** On what is told: the caller whose request led to it reads it as a warning, in the result of the command. */
  readonly warns: boolean
  /** `upcasts[n]` turns data of schema n into data of schema n + 1. */
  readonly upcasts: Readonly<Record<number, (data: Json) => Json>>
}

type Versioning = { schema?: number; upcasts?: Record<number, (data: Json) => Json> }
type Nothing = Record<never, never>

const spec = <O extends Origin, D extends Shape, F extends Shape>(
  origin: O,
  data: z.ZodObject<D>,
  facts: z.ZodObject<F>,
  { schema = 1, upcasts = {} }: Versioning = {},
): EventSpec<O, D, F> => ({ origin, schema, data, facts, ends: false, warns: false, upcasts })

/** A caller asked. `data` is everything decided at that moment; `facts` what was read to decide. Both are recorded. */
export const requested = <D extends Shape = Nothing, F extends Shape = Nothing>(
  data: D = {} as D,
  facts: F = {} as F,
  versioning?: Versioning,
) => spec('requested', z.strictObject(data) as unknown as z.ZodObject<D>, z.object(facts) as z.ZodObject<F>, versioning)

/** A driver said what happened, asked or not. Facts of the driver that the shape does not name are dropped. */
export const reported = <D extends Shape = Nothing>(data: D = {} as D, versioning?: Versioning) =>
  spec('reported', z.object(data) as z.ZodObject<D>, z.object({}), versioning)

/**
 * A deadline armed earlier has come. Its data is empty; the envelope carries `dueAt`. Of all that is due at one
 * millisecond, deadlines that end something come first: what they free is there for what begins. (contract point 6.)
 */
export const elapsed = ({ ends = false, ...versioning }: Versioning & { ends?: boolean } = {}) => ({
  ...spec('elapsed', z.strictObject({}), z.object({}), versioning),
  ends,
})

/** Another resource said so. Never refused: what was learned is true. */
export const told = <D extends Shape = Nothing>(data: D = {} as D, versioning?: Versioning) =>
  spec('told', z.strictObject(data) as unknown as z.ZodObject<D>, z.object({}), versioning)

/**
 * Told by a resource to itself: what was asked for is done, but not as asked. Its data is the warning: a stable `code`,
 * and a `sentence` for whoever asked. It reaches the caller with the result of the command.
 */
export const warned = <D extends Shape = Nothing>(data: D = {} as D, versioning?: Versioning) => ({
  ...told({ code: z.string(), sentence: z.string(), ...data }, versioning),
  warns: true,
})

/** Another resource asks, in a cascade begun by a request; a refusal refuses the whole request. */
export const proposed = <D extends Shape = Nothing>(data: D = {} as D, versioning?: Versioning) =>
  spec('proposed', z.strictObject(data) as unknown as z.ZodObject<D>, z.object({}), versioning)

/** The shape of every answer that means "certainly not done": the driver's own error. */
export const rejection = { code: z.string(), message: z.string(), retry: z.string() }

/** What a driver may hand back to be recorded with the resource: its own name for it, and up to 4 KiB it owns. */
export const reference = z.object({ providerId: z.string().optional(), private: z.json().optional() })

const secrets = z.registry<{ readonly secret: true }>()
/**
 * Marks what nobody shall read who only looks for a fault, such as a password: `secret(z.string().max(100))`. It is in the
 * history, since the driver needs it; the journal of refusals leaves it out. To be marked in input and event alike.
 */
export const secret = <S extends z.ZodType>(schema: S): S => {
  secrets.add(schema, { secret: true })
  return schema
}
export const isSecret = (schema: z.ZodType): boolean => secrets.has(schema)

type Suffixed<K, O> = O extends 'requested'
  ? K extends `${string}Requested`
    ? K
    : never
  : O extends 'elapsed'
    ? K extends `${string}Due` | `${string}TimedOut`
      ? K
      : never
    : K extends `${string}Requested`
      ? never
      : K
type WellNamed<S> = {
  [K in keyof S]: S[K] extends EventSpec<infer O> ? (K extends Suffixed<K, O> ? S[K] : never) : never
}
/** The alphabet of one kind. Names are checked by type: `…Requested` for requests, `…Due` or `…TimedOut` for deadlines. */
export interface Alphabet<
  Name extends string = string,
  S extends Record<string, EventSpec> = Record<string, EventSpec>,
> {
  readonly kind: Name
  readonly specs: S
}
export const events = <const Name extends string, const S extends Record<string, EventSpec>>(
  kind: Name,
  specs: S & WellNamed<S>,
): Alphabet<Name, S> => ({ kind, specs: specs as S })

/** What a machine sees of an event: no more of the envelope than rules may depend on. */
export interface MachineEvent<T extends string = string, D = unknown, F = unknown> {
  readonly type: T
  readonly resource: string
  readonly version: number
  readonly account: string
  readonly at: number
  readonly data: D
  readonly facts: F
}
export type EventOf<A> =
  A extends Alphabet<infer Name, infer S>
    ? {
        [K in keyof S & string]: S[K] extends EventSpec<Origin, infer D, infer F>
          ? MachineEvent<`${Name}.${K}`, Readonly<InferShape<D>>, Readonly<InferShape<F>>>
          : never
      }[keyof S & string]
    : never
/** One event of an alphabet by its short name, to type a requirement or an assignment. */
export type EventNamed<A, K extends string> =
  A extends Alphabet<infer Name> ? Extract<EventOf<A>, { type: `${Name}.${K}` }> : never

// ---------------------------------------------------------------------------------------------------------------- wants
/** A driver call, carried out after commit, at least once, with token `<resource>.<version>.<n>`. */
export interface Ask {
  /** The driver's method, e.g. `volumeEnsure`. The first argument of every method is the resource's id. */
  readonly verb: string
  /** Name of the provider (an entry of createEngine's `drivers`); `engine` gives a command: docs/decisions/0043. */
  readonly provider: string
  readonly args: Json
  /**
   * The reported events that close the ask: `done` carries the driver's facts, `rejected` its error. `progressed`, with
   * `{ percent }`, closes nothing: the call was accepted and is being done. It comes first when that is known, then in steps.
   */
  readonly answers: { readonly done: string; readonly rejected: string; readonly progressed?: string }
  /**
   * Closes every other open ask of this resource without an answer. Only for a call that is retried until it is done
   * (destroy, delete, power off), because the effect of what it supersedes stays unknown. Without it, asks of a resource queue.
   */
  readonly supersedes?: boolean
}
/** A durable timer of this resource, one for each event type; arming again replaces it. */
export interface Arm {
  readonly event: string
  /** Milliseconds after the event's `at`, or an absolute `dueAt` (ms since 1970). */
  readonly afterMs?: number
  readonly dueAt?: number
}
export interface Disarm {
  readonly event: string
}
/** Another resource hears of it in the same transaction. A `told` event is never refused, a `proposed` one may be. */
export interface Tell {
  readonly resource: string
  /** Full event type; its prefix is the target's kind. */
  readonly event: string
  readonly data: Json
}
export type Want =
  | ({ readonly want: 'ask' } & Ask)
  | ({ readonly want: 'arm' } & Arm)
  | ({ readonly want: 'disarm' } & Disarm)
  | ({ readonly want: 'tell' } & Tell)
/** A want as its event records it: what was told is not repeated, since it stands in the event it became. */
export type RecordedWant = Exclude<Want, { want: 'tell' }> | ({ readonly want: 'tell' } & Omit<Tell, 'data'>)
export const recorded = (want: Want): RecordedWant =>
  want.want === 'tell' ? { want: 'tell', resource: want.resource, event: want.event } : want
export const wantNames = ['ask', 'arm', 'disarm', 'tell'] as const

const nothing = () => {}
type Many<T> = T | readonly T[]
/**
 * The `actions` of every machine: `setup({ actions: { ...wants, ... } })`, then
 * `{ type: 'ask', params: ({ context }) => ({ verb, provider, args, answers }) }`. A list wants each of its members; an
 * empty list wants nothing.
 */
export const wants = {
  ask: (_: unknown, __: Many<Ask>) => nothing(),
  arm: (_: unknown, __: Many<Arm>) => nothing(),
  disarm: (_: unknown, __: Many<Disarm>) => nothing(),
  tell: (_: unknown, __: Many<Tell>) => nothing(),
}

/**
 * A decided nothing: this event is expected in this state and changes nothing, for the reason given. (An empty
 * transition `{}` on a requested event means *unchanged*: success, nothing to do.)
 */
export const ignore = <const Why extends string>(why: Why) => ({ description: why, meta: { ignored: why } })

// --------------------------------------------------------------------------------------------------------- requirements
/**
 * One named "no". Reads context, event and facts of a request, in any state, and never throws. Data that is not there,
 * because it could not be completed, is no reason to say no.
 */
export type Requirement<C = Untyped, E = Untyped> = (asked: { readonly context: C; readonly event: E }) => boolean

/** The guard of all requests: says no unless every named requirement holds. The order is the order of the refusal. */
export const requires =
  <R extends Record<string, Requirement>>(requirements: R) =>
  (asked: { context: unknown; event: unknown }, names: readonly (keyof R & string)[]) =>
    names.every(name => requirements[name]!(asked))

/** `guard: needs('unprotected', 'preserved')`: the ordered requirements of one transition. */
export const needs = <const N extends string>(...names: N[]) => ({ type: 'requires' as const, params: names })

/** What a refused caller reads. `code` is stable and machine readable; doors map it to their own. */
export interface Refusal {
  readonly code: string
  readonly sentence: string | ((asked: RefusalInput) => string)
}
export interface RefusalInput {
  readonly resource: string
  readonly state: string
  readonly context: Untyped
  readonly data: Untyped
}

// ------------------------------------------------------------------------------------------------------------- commands
/** Region of a resource that is in every region, such as an image that comes with the cloud. */
export const EVERYWHERE = '*'

/** Who may give a command: the owning account, an administrator of a domain above it, the operator, or only the engine. */
export type Authority = 'owner' | 'domainAdmin' | 'operator' | 'engine'

/**
 * Where a fact comes from, declared as data. `path` is a dotted path into the command's input (`*` walks a list).
 * - `resource`: the face of the resource whose id is at `path`; `many` for every id a `*` path finds. A missing or
 *   foreign one refuses the command with `notFound`, unless `optional` (then null). `anyRegion` also finds it in another
 *   region than the caller's, as a copy between regions does.
 * - `named`: like `resource`, for kinds whose id is `<kind>/<name>`.
 * - `provider`: what the provider named at `path` (default: the first that serves the caller's region) declares, with the
 *   zones of that region; `of`: and what is left of it for the image whose id is at the first of these paths of earlier facts.
 * - `account`: the account the resource is of (of one that is made: the caller's), or null if nobody opened it.
 * - `claim`: a row of a view kept in the transaction, which must still hold at commit; its key is the account, the
 *   target's `id`, the `provider` (its own, else the one named in the input, or the default), the string at `path`, or several parts joined by
 *   `/`; null where a path finds nothing. With `members`, it is the rows whose keys that row lists in this column.
 */
export type FactSource =
  | {
      readonly from: 'resource' | 'named'
      readonly kind: string
      readonly path: string
      readonly many?: boolean
      readonly optional?: boolean
      readonly anyRegion?: boolean
    }
  | { readonly from: 'provider'; readonly path?: string; readonly of?: readonly string[] }
  | { readonly from: 'account' }
  | { readonly from: 'claim'; readonly view: string; readonly key: ClaimKey; readonly members?: string }
export type ClaimPart = 'account' | 'region' | 'id' | 'provider' | { readonly path: string } | { readonly text: string }
export type ClaimKey = ClaimPart | readonly ClaimPart[]

type Where = { many?: boolean; optional?: boolean }
export const resource = (kind: string, path: string, where: Where & { anyRegion?: boolean } = {}): FactSource => {
  return { from: 'resource', kind, path, ...where }
}
export const named = (kind: string, path: string, where: Where = {}): FactSource => {
  return { from: 'named', kind, path, ...where }
}
export const provider = (path?: string, of?: readonly string[]): FactSource => ({ from: 'provider', path, of })
export const owningAccount = (): FactSource => ({ from: 'account' })
export const claim = (view: string, key: ClaimKey = 'account', members?: string): FactSource => {
  return { from: 'claim', view, key, members }
}

/** The published face of another resource, as a fact. `face` is what its kind chose to publish. */
export interface Face {
  readonly id: string
  readonly kind: string
  readonly account: string
  readonly state: string
  readonly [key: string]: Untyped
}
/** What a command's `complete` works with: everything decided now ends up in the event, so replay never decides. */
export interface Completion<I, C = unknown> {
  readonly input: I
  readonly facts: Untyped
  /** Id of the target: the one given, or the one just made for a creating command. */
  readonly id: string
  readonly account: string
  readonly at: number
  /** The target as it is now; the machine's initial context for a creating command. */
  readonly context: C
  readonly state: string
  /** A new id of a kind, for what the command creates besides its target. */
  readonly newId: (kind: string) => string
}
/**
 * Returned by `complete` where requirements say no of what the event cannot show, such as a size that no disk has. The
 * others are asked all the same, of the data as far as it could be completed, so that a caller reads every no at once.
 */
export class Declined {
  /** The requirements that say no, each with what its sentence reads. */
  readonly noes: Readonly<Record<string, Json>>
  readonly data: Json
  constructor(noes: Readonly<Record<string, Json>>, data: Json = {}) {
    this.noes = noes
    this.data = data
  }
}
export const decline = (requirement: string, words: Json = {}) => new Declined({ [requirement]: words })
/** The data of an event, declined if there is any no. */
export function completed(data: Json, noes: Readonly<Record<string, Json | undefined>>): Json | Declined {
  const said = Object.entries(noes).filter((no): no is [string, Json] => no[1] !== undefined)
  return said.length ? new Declined(Object.fromEntries(said), data) : data
}

export interface Command<I extends z.ZodType = z.ZodType, Creates extends boolean = boolean> {
  /** Short name of the requested event an accepted command becomes. */
  readonly event: string
  readonly summary: string
  readonly input: I
  readonly who: Authority
  /** A creating command starts from `absent` and makes its own id. */
  readonly creates: Creates
  /** For kinds named by their creator: the id is `<kind>/<input.name>`. */
  readonly namedBy?: string
  /** On creating commands: callers of at least this authority may choose the id, in the input's `id`. */
  readonly idGivenBy?: Authority
  readonly needs: Readonly<Record<string, FactSource>>
  readonly complete: (completion: Completion<Untyped, Untyped>) => Json | Declined
}
/** One thing callers may ask of a kind. Without `complete`, the event's data is the parsed input. */
export const command = <I extends Shape = Nothing, C = Untyped, const Creates extends boolean = false>(spec: {
  event: string
  summary: string
  who: Authority
  input?: I
  creates?: Creates
  namedBy?: string
  idGivenBy?: Authority
  needs?: Record<string, FactSource>
  complete?: (completion: Completion<z.infer<z.ZodObject<I>>, C>) => Json | Declined
}): Command<z.ZodObject<I>, Creates> => ({
  event: spec.event,
  summary: spec.summary,
  input: z.strictObject(spec.input ?? ({} as I)) as unknown as z.ZodObject<I>,
  who: spec.who,
  creates: (spec.creates ?? false) as Creates,
  namedBy: spec.namedBy,
  idGivenBy: spec.idGivenBy,
  needs: spec.needs ?? {},
  complete: spec.complete ?? (({ input }) => input as Json),
})

// ---------------------------------------------------------------------------------------------------------------- kinds
/** Tags of states. A working state always has an open ask, an armed timer, or `awaits` working resources. */
export type StateTag = 'settled' | 'working' | 'terminal'
/** `meta` of a state: `awaits` names the resources a working state waits for; they must themselves be working. */
export type StateMeta = { readonly awaits?: (context: Untyped) => readonly string[] }

/** What a provider shows of a resource, or a part of it, unasked; of instances, of which launch. `asked`: a call is open. */
export interface Seen {
  readonly exists: 'yes' | 'no' | 'unknown'
  readonly facts: { readonly [key: string]: Json | undefined }
  readonly part?: { readonly kind: string; readonly id: string }
  readonly generation?: number
  readonly asked?: boolean
}
/** The unasked report an observation amounts to, if it says something new: short event name and data. */
export type Observed = (seen: Seen, context: Untyped, state: string) => { event: string; data: Json } | undefined
/** A thing at a provider that belongs to a resource. `must`: it is missed if it is not shown; `facts`: as it is shown. */
export type Expected = Pick<Seen, 'facts'> & { readonly kind: string; readonly id: string; readonly must: boolean }
/** What should be at a provider for a resource that rests; `kinds`: as providers call what it may miss there. */
export interface Presence {
  readonly kinds: readonly string[]
  readonly of: (id: string, context: Untyped, state: string) => readonly Expected[]
  /** Short name of the report that something of it was there after its end, and was taken away. */
  readonly cleaned?: string
  /** Of storage: the name by which its provider is asked how much there is; `observed` hears the answer. */
  readonly storage?: (context: Untyped) => string
}

export interface Kind<
  Name extends string = string,
  Commands extends Record<string, Command> = Record<string, Command>,
> {
  readonly name: Name
  /** Ids are `<idPrefix>-` and 17 hexadecimal digits, or `<name>/…` when commands are `namedBy` their creator. */
  readonly idPrefix: string
  /** Version of the rules: a machine that behaves differently on recorded histories gets a new one. */
  readonly rules: number
  readonly machine: AnyStateMachine
  readonly events: Alphabet<Name>
  readonly commands: Commands
  readonly requirements: Readonly<Record<string, Requirement>>
  readonly refusals: Readonly<Record<string, Refusal>>
  /** What other kinds may read of a resource, as a fact. Small: it is recorded in their events. */
  readonly face: (context: Untyped) => Readonly<Record<string, unknown>>
  /** Who may see a resource besides its account. */
  readonly visibility: (context: Untyped) => 'private' | 'public' | readonly string[]
  /** Is each of its resources in a region? Then it is hidden from whoever acts in another. */
  readonly regional: boolean
  /**
   * How long readers find a resource after it has ended, in ms; then it is forgotten: its snapshot and its rows of views
   * go, its history stays. `Infinity` keeps it for ever. An engine may be opened with other times.
   */
  readonly retentionMs: number
  readonly observed: Observed
  readonly presence: Presence
}
/** Declares a kind. The machine's root state `absent` is the fold of no events; birth is a transition out of it. */
export const kind = <const Name extends string, const Commands extends Record<string, Command>>(spec: {
  name: Name
  idPrefix: string
  rules: number
  machine: AnyStateMachine
  events: Alphabet<Name>
  commands: Commands
  requirements?: Record<string, Requirement>
  refusals?: Record<string, Refusal>
  face?: (context: Untyped) => Record<string, unknown>
  visibility?: (context: Untyped) => 'private' | 'public' | readonly string[]
  regional?: boolean
  retentionMs?: number
  observed?: Observed
  presence?: Presence
}): Kind<Name, Commands> => ({
  requirements: {},
  refusals: {},
  face: () => ({}),
  visibility: () => 'private',
  regional: true,
  retentionMs: 3_600_000,
  observed: () => undefined,
  presence: { kinds: [], of: () => [] },
  ...spec,
})

// ------------------------------------------------------------------------------------------------------------- envelope
/** One persisted event, as history shows it. */
export interface Envelope<D = Json> {
  /** Order in the whole log. */
  readonly position: number
  readonly resource: string
  readonly kind: string
  /** Order in the resource's own stream, from 1. */
  readonly version: number
  /** `<kind>.<name>`. */
  readonly type: string
  readonly origin: Origin
  /** Milliseconds since 1970; never decreases with position. */
  readonly at: number
  /** Dotted paths of the states it left and led to. */
  readonly before: string
  readonly state: string
  readonly data: D
  readonly facts?: Json
  readonly wants?: readonly RecordedWant[]
  readonly rules: number
  readonly schema: number
  readonly account: string
  readonly region: string
  readonly actor: string
  /** The caller's idempotency token, on requested events. */
  readonly token?: string
  /** Position of the first event of the story this one belongs to, and of the event that caused it. */
  readonly correlation: number
  readonly causation?: number
  /** Token of the ask it answers. */
  readonly answers?: string
  readonly dueAt?: number
  /** sha256 over the previous digest of the stream and everything above. */
  readonly digest: string
}
