/** What verification found, for people. */
import type { Divergence, Verdict } from '../../index.ts'
import { plain } from '../output.ts'
import { changeLine } from '../stories/step-text.ts'
import { styled } from '../tables.ts'

const count = (value: number, noun: string) => `${value.toLocaleString('en')} ${noun}${value === 1 ? '' : 's'}`

export function verdictText({ events, resources, refusals, diverged, divergences, without = [] }: Verdict): string {
  const head = `${count(events, 'event')} of ${count(resources, 'resource')}, ${count(refusals, 'refusal')} run again`
  const more = diverged - divergences.length
  return [
    diverged === 0
      ? `${head}: ${styled('green', 'all came out as recorded.')}`
      : `${head}: ${styled('red', `${count(diverged, 'resource')} came out otherwise.`)}`,
    ...divergences.map(divergenceText),
    ...(more > 0 ? [`and ${count(more, 'more resource')}.`] : []),
    ...without.map(path => `Without what was pruned into ${path}, which is not there.`),
  ].join('\n')
}

function divergenceText({ resource, position, version, type, differs, changes, rules }: Divergence): string {
  const ruled = rules.recorded === rules.today ? `rules ${rules.today}` : `rules ${rules.recorded}, now ${rules.today}`
  const head = `${styled('bold', resource)} differs first at #${position} v${version} ${plain(type)} (${ruled}): ${differs}`
  return [head, ...changes.map(each => `    ${changeLine(each)}`)].join('\n')
}
