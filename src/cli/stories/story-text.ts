/** A story for people: a line for each entry, and beneath it what it asked for and what came of that. */
import type { StoryAsk, StoryEntry, StoryTimer } from '../../index.ts'
import { plain } from '../output.ts'
import { styled, time } from '../tables.ts'

export const storyText = (entries: readonly StoryEntry[]): string =>
  entries.length === 0 ? styled('dim', 'Nothing happened.') : entries.map(lines).join('\n')

type Told = Extract<StoryEntry, { entry: 'event' }>

function lines(entry: StoryEntry): string {
  if (entry.entry === 'refusal') {
    const reasons = entry.reasons.map(({ code, sentence }) => `${code}: ${sentence}`).join(' ')
    const who = `${plain(entry.actor)} asked for ${entry.command}`
    return `${time(entry.at)}        ${who}, ${styled('red', 'refused')} in ${entry.state}. ${plain(reasons)}`
  }
  const { at, position, version, type, before, state } = entry
  const turn = before === state ? state : `${before} → ${state}`
  const head = `${time(at)}  #${position}  v${version}  ${styled('bold', type)}  ${turn}  ${styled('dim', byWhom(entry))}`
  const details = [
    ...(entry.causedBy
      ? [`because of #${entry.causedBy.position} ${entry.causedBy.type} of ${entry.causedBy.resource}`]
      : []),
    ...entry.asks.map(askLine),
    ...entry.timers.map(timerLine),
    ...entry.led.map(each => `told ${each.resource}: #${each.position} ${each.type}`),
  ]
  return [head, ...details.map(each => `    ${each}`)].join('\n')
}

function byWhom({ origin, actor, answers, token }: Told): string {
  if (answers !== undefined) return `answer of ${plain(actor)} to ${answers}`
  const words = {
    requested: 'asked by',
    reported: 'reported by',
    elapsed: 'due, after',
    told: 'told, by',
    proposed: 'proposed, by',
  }
  return `${words[origin]} ${plain(actor)}${token === undefined ? '' : ` (token ${plain(token)})`}`
}

export function askLine({ verb, provider, token, outcome, ended, error, call }: StoryAsk): string {
  const head = `asked ${provider} for ${verb} (${token}): `
  if (ended) {
    const why = error ? ` ${error.code}: ${plain(error.message)}` : ''
    const colour = { done: 'green', rejected: 'red', superseded: 'yellow', open: 'cyan' } as const
    return `${head}${styled(colour[outcome], outcome)} after ${ended.afterMs} ms, #${ended.position} ${ended.type}${why}`
  }
  return `${head}${styled('cyan', 'open')}${call ? `, ${callText(call)}` : ''}`
}

export function callText({ attempts, dueAt, lastError, isPending }: NonNullable<StoryAsk['call']>): string {
  const tried = attempts === 0 ? 'not called yet' : `called ${attempts} times`
  const at = isPending ? 'the provider is at it' : `next at ${time(dueAt)}`
  return `${tried}, ${at}${lastError === undefined ? '' : `; last: ${plain(lastError)}`}`
}

const timerLine = ({ event, dueAt, outcome, endedBy }: StoryTimer): string =>
  `armed ${event} for ${time(dueAt)}: ${outcome}${endedBy === undefined ? '' : ` by #${endedBy}`}`
