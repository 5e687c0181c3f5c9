/** What a schedule shows: when it is due, what it keeps, and what its last run came to. */
import type { Envelope } from '../machines/grammar.ts'
import { type Attributes, defined, type KindView } from './inventory.row.ts'

export const scheduleView: KindView = {
  attributes: (before, event) => due(changes(before, event), event),
  relations: ({ target, made }) => [
    { role: target.kind, id: target.volume ?? target.instance },
    ...made.map(({ id }: { id: string }) => ({ role: 'made', id })),
  ],
}

/** How clocks go in the zone is in the history, for whoever asks why. */
const shown = ({ offsets: _, anchorMs: __, dueAt: ___, name: ____, ...rest }: Attributes): Attributes => rest

function changes(before: Attributes, event: Envelope): Attributes {
  const { version, type, at, wants = [], dueAt } = event
  const data = event.data as Attributes
  if (version === 1) return { ...shown(data), made: [], runs: 0 }
  const run = (last: Attributes): Attributes => ({ ...before, lastRun: defined({ ...before.lastRun, ...last }) })
  switch (type) {
    case 'schedule.modifyRequested':
      return { ...before, ...shown(data) }
    case 'schedule.resumeRequested':
      return defined({ ...before, ...shown(data), reason: undefined })
    case 'schedule.runRequested':
      return { ...before, runs: before.runs + 1, lastRun: { state: 'running', startedAt: at } }
    case 'schedule.runDue': {
      const runs = before.runs + 1
      if (wants.some(({ want }) => want === 'ask'))
        return { ...before, runs, lastRun: { state: 'running', dueAt, startedAt: at } }
      const message = 'the run before it was not over'
      return { ...before, runs, lastSkip: { code: 'overlapping', message, dueAt, at } }
    }
    case 'schedule.started':
      return run({ made: data.id })
    case 'schedule.startFailed': {
      const { code, message } = data
      const refused = run({ state: 'refused', endedAt: at, code, message })
      // It will never come to anything, so it has paused.
      return data.retry === 'never' ? { ...refused, reason: { code, message, at } } : refused
    }
    case 'schedule.memberFailed':
      return run({ state: 'failed', endedAt: at, code: data.code, message: data.message })
    case 'schedule.memberCompleted':
      return { ...run({ state: 'completed', endedAt: at }), made: [...before.made, { id: data.id, at }] }
    case 'schedule.memberGone': {
      const made = before.made.filter(({ id }: { id: string }) => id !== data.id)
      const isOver = before.lastRun?.made !== data.id || before.lastRun.endedAt !== undefined
      const lost = {
        state: 'failed',
        endedAt: at,
        code: 'deletedMeanwhile',
        message: 'it was deleted before it was complete',
      }
      return isOver ? { ...before, made } : { ...run(lost), made }
    }
    default:
      return before
  }
}

/** When it is due next, as the event armed it; undefined once it is not. */
function due(attributes: Attributes, { wants = [] }: Envelope): Attributes {
  const armed = wants.find(want => want.want === 'arm' && want.event === 'schedule.runDue')
  if (armed?.want === 'arm') return { ...attributes, dueAt: armed.dueAt }
  const isOver = wants.some(want => want.want === 'disarm' && want.event === 'schedule.runDue')
  return isOver ? defined({ ...attributes, dueAt: undefined }) : attributes
}
