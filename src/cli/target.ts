/**
 * What commands are carried out on: a server, if one holds the data, else the file itself. Both answer alike, so each
 * command is written once.
 */
import type { Envelope } from '../../machines/grammar.ts'
import type { Action, Cleaned, CommandInput, CommandResult, SurveyReport, Thing } from '../index.ts'

export type Row = Readonly<Record<string, unknown>>
/** A result; with waiting, the state it came to, or null if that took too long. */
export type CommandOutcome = CommandResult & { readonly settled?: string | null }

export interface ListAsked {
  readonly where: Readonly<Record<string, string>>
  readonly sort?: string
  readonly limit: number
}

export interface Target {
  submit(command: CommandInput, options: { wait: boolean; dryRun: boolean }): Promise<CommandOutcome>
  list(kind: string, asked: ListAsked): Promise<readonly Row[]>
  get(id: string): Promise<Row>
  history(id: string, from: number): Promise<readonly Envelope[]>
  actions(id: string): Promise<readonly Action[]>
  survey(provider: string | undefined): Promise<SurveyReport>
  clean(orphan: Thing): Promise<Cleaned>
  close(): Promise<void>
}
