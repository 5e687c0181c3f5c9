/** The public surface of stemma, by area. Importing it loads no HTTP server, command line or logger. */

// The rules and the views that come with it
export { type Kind, kind } from '../machines/grammar.ts'
export { kinds } from '../machines/index.ts'
export { type Projection, projection } from '../projections/contract.ts'
// Reports
export {
  type CapacityFigures,
  type CapacityPart,
  type CapacityRow,
  gibHoursOf,
  hoursOf,
  type LimitRow,
  monthOf,
  projections,
  type StatementLine,
  type UsagePeriod,
  type UsageRecord,
  type UsageRow,
  usageRecords,
  usageStatement,
} from '../projections/index.ts'
// Drivers
export type { Answers } from './drivers/answers.ts'
export { type Capabilities, capabilities, type Driver, type Outcome } from './drivers/driver.ts'
export { DriverRefused } from './drivers/register.ts'
export type { Introspection, ProviderView } from './engine/introspection.ts'
export type { EngineEvents, EngineOptions, Health, ThreadOptions } from './engine/options.ts'
// The engine
export { createEngine, Engine } from './engine.ts'
// Checking
export { type CheckOptions, type CheckReport, checkStore } from './replay/check/index.ts'
// Charts
export { definition } from './replay/diagram/definition.ts'
export { type Graph, graph } from './replay/diagram/graph.ts'
export { mermaid } from './replay/diagram/mermaid.ts'
export { type Taken, type Visit, type Way, wayOf } from './replay/diagram/way.ts'
// Time travel
export { type Moment, momentIn } from './replay/past/moment.ts'
export type { Past, PastSession } from './replay/past/past.ts'
export { type PlanOptions, type PrunePlan, planPrune } from './replay/prune/plan.ts'
// Stories
export {
  type Awaits,
  type Difference,
  type Link,
  type Related,
  readSteps,
  readStory,
  readWhy,
  type Story,
  type StoryAsk,
  type StoryAsked,
  type StoryEntry,
  type StoryTimer,
  type ToldStep,
  type Why,
} from './replay/story/index.ts'
// Exports
export {
  anonymized,
  type ExportAsked,
  ExportInvalid,
  exportLines,
  importExport,
  type ReadExport,
  type ReproduceOptions,
  readExport,
  reproduction,
} from './replay/transfer/index.ts'
// Verification
export {
  type Differing,
  type Divergence,
  joined,
  type Verdict,
  type VerifyOptions,
  verify,
  verifyEvents,
} from './replay/verify/index.ts'
export {
  type CapacityAsked,
  type CapacityItem,
  type CapacityListing,
  type CapacityScope,
  capacityScopes,
  explainCapacity,
  readCapacity,
} from './reports/capacity.ts'
export { readUsage, type UsageAsked } from './reports/usage.ts'
export type { Action } from './runtime/actions.ts'
export type { CommandOptions, CommandsOf, KindMap, SubmitOptions } from './runtime/client.ts'
export type { Clock } from './runtime/clock.ts'
export type { CommandResult, Warning } from './runtime/decide.ts'
export { Damaged } from './runtime/envelope.ts'
export type { Ids } from './runtime/ids.ts'
export type { Listing, ListQuery, View, ViewMap, ViewsOf } from './runtime/listing.ts'
export type { SubscribeOptions } from './runtime/log.ts'
export type { NewsOutcome, ReportInput } from './runtime/news.ts'
export type { Principal } from './runtime/principal.ts'
export {
  BrokenRule,
  Contained,
  InvalidRequest,
  type Reason,
  type RefusalOf,
  Refused,
  Unavailable,
} from './runtime/refusal.ts'
export type { CommandInput } from './runtime/request.ts'
export type { ResourceRow, Session } from './runtime/session.ts'
export type {
  Cleaned,
  Finding,
  FindingClass,
  KindSurvey,
  ProviderSurvey,
  SurveyReport,
  Thing,
} from './runtime/survey.ts'
// Stores
export {
  memoryRefusals,
  type RefusalEntry,
  type RefusalJournal,
  type RefusalLimits,
  type RefusalQuery,
} from './store/refusals.ts'
export {
  beginRestore,
  type PruneAsked,
  type PruneDone,
  type Restoration,
  readOwner,
  type SqliteStore,
  sqlite,
  sqliteRefusals,
} from './store/sqlite/index.ts'
export {
  type AskRow,
  Conflict,
  checkReadable,
  type Opened,
  type PruneDamage,
  Pruned,
  type Share,
  type SignatureCheck,
  type Store,
  StoreError,
} from './store/store.ts'

/** Address of this module, which has `kinds` and `projections`: for the `threads` of an engine that uses just these. */
export const rulesModule: string = import.meta.url
