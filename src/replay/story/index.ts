/** Stories of single resources, read from an engine as one principal may. */
export type { StoryAsk } from './asks.ts'

import type { StoryEngine, StoryReader } from './source.ts'
import { StorySource } from './source.ts'
import { stepsOf, type ToldStep, toldStep } from './steps.ts'

export type { Difference } from '../differences.ts'
export type { StoryEngine, StoryReader } from './source.ts'
export type { ToldStep } from './steps.ts'
export { type Related, readStory, type Story, type StoryAsked, type StoryEntry } from './story.ts'
export type { StoryTimer } from './timers.ts'
export { type Awaited as Awaits, type Link, readWhy, type Why } from './why.ts'

/** Every event of a resource with what it changed. Throws Refused notFound. */
export async function readSteps(engine: StoryEngine, reader: StoryReader, id: string): Promise<ToldStep[]> {
  const { compiled, events } = await new StorySource(engine, reader).events(id)
  return [...stepsOf(compiled, events)].map(toldStep)
}
