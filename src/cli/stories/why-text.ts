/** Why a resource is where it is, for people. */
import type { Awaits, Why } from '../../index.ts'
import { judged, plain } from '../output.ts'
import { coloured, styled, time } from '../tables.ts'
import { callText } from './story-text.ts'

export function whyText({ id, kind, path, state, tags, since, chain, awaits, actions, refused }: Why): string {
  const inner = path === state ? '' : ` (${path})`
  const lines = [
    `${id} is ${coloured(kind, state)}${inner}, ${tags.join(' and ') || 'nothing else is said of that'}.`,
    `Since ${time(since.at)}: #${since.position} ${since.type}, ${since.origin} by ${plain(since.actor)}.`,
    ...(chain.length > 1
      ? [
          'It came of:',
          ...chain.map(
            each => `    #${each.position} ${each.type} of ${each.resource}, ${each.origin} by ${plain(each.actor)}`,
          ),
        ]
      : []),
    ...(awaits.length ? ['It waits for:', ...awaits.map(each => `    ${awaited(each)}`)] : ['It waits for nothing.']),
    ...refused.map(
      each =>
        `${styled('red', 'Refused')} since then: ${each.command} at ${time(each.at)}. ${plain(each.reasons.map(({ sentence }) => sentence).join(' '))}`,
    ),
    ...(actions ? [judged(actions)] : []),
  ]
  return lines.join('\n')
}

function awaited(each: Awaits): string {
  if (each.for === 'timer') return `${each.event}, due at ${time(each.dueAt)}`
  if (each.for === 'resource') return `${each.id}${each.state === undefined ? '' : `, which is ${each.state}`}`
  const call = each.call ? `: ${callText(each.call)}` : ''
  return `the answer of ${each.provider ?? 'its provider'} to ${each.verb} (${each.token}), asked at ${time(each.sinceMs)}${call}`
}
