/**
 * What commands are carried out on: a server, if one holds the data, else the file itself. Both answer alike, so each
 * command is written once.
 */
import type { CapacityAnswer, LimitsAnswer, UsageAnswer } from '../doors/native/index.ts'
import type {
  Action,
  Cleaned,
  CommandInput,
  CommandResult,
  ProviderView,
  StoryEntry,
  SurveyReport,
  Thing,
  ToldStep,
  Why,
} from '../index.ts'

export type Row = Readonly<Record<string, unknown>>
/** A result; with waiting, the state it came to, or null if that took too long. */
export type CommandOutcome = CommandResult & { readonly settled?: string | null }

export interface ListAsked {
  readonly where: Readonly<Record<string, string>>
  readonly sort?: string
  readonly limit: number
}

/** A month, or a period in ms since 1970; of one account, or of all that may be read. */
export interface UsageQuery {
  readonly month?: string
  readonly from?: number
  readonly to?: number
  readonly account?: string
  readonly records?: boolean
}

export interface LimitsQuery {
  /** Such as `account/acme`. */
  readonly holder?: string
}

export interface CapacityQuery {
  readonly by?: string
  readonly of?: string
  readonly limit?: number
  readonly explain?: boolean
}

export interface Target {
  submit(command: CommandInput, options: { wait: boolean; dryRun: boolean }): Promise<CommandOutcome>
  list(kind: string, asked: ListAsked): Promise<readonly Row[]>
  get(id: string): Promise<Row>
  /** From a version on; everything there is. */
  story(id: string, from: number): Promise<readonly StoryEntry[]>
  steps(id: string): Promise<readonly ToldStep[]>
  why(id: string): Promise<Why>
  actions(id: string): Promise<readonly Action[]>
  providers(): Promise<readonly ProviderView[]>
  /** With an image, what is left of it for instances of that. */
  provider(name: string, image?: string): Promise<ProviderView>
  survey(provider: string | undefined): Promise<SurveyReport>
  clean(orphan: Thing): Promise<Cleaned>
  /** Of these views, or all. Returns how many events were folded. */
  rebuild(views: readonly string[]): Promise<number>
  usage(query: UsageQuery): Promise<UsageAnswer>
  limits(query: LimitsQuery): Promise<LimitsAnswer>
  capacity(query: CapacityQuery): Promise<CapacityAnswer>
  close(): Promise<void>
}

/** A query as the parameters of a request: without what is not given. */
export const textOf = (query: UsageQuery | LimitsQuery | CapacityQuery): Record<string, string> =>
  Object.fromEntries(
    Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  )
