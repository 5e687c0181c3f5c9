/** What a check found, for people. */
import type { CheckReport } from '../../index.ts'
import { plain } from '../output.ts'
import { styled } from '../tables.ts'
import { verdictText } from '../verify/verdict-text.ts'

export function reportText({
  histories,
  views,
  asks,
  timers,
  checkpoints,
  found,
  findings,
  isSound,
}: CheckReport): string {
  const rows = Object.entries(views).map(([name, count]) => `${name} ${count}`)
  return [
    verdictText(histories),
    `Rows of views: ${rows.join(', ')}. Open asks: ${asks}, timers: ${timers}, checkpoints: ${checkpoints}.`,
    ...findings.map(each => {
      const [stored, folded] = [each.stored, each.folded].map(value => plain(JSON.stringify(value)) ?? 'nothing')
      return `${styled('red', `${each.in} ${each.name}`)} ${plain(each.key)}\n    stored ${stored}\n    folded ${folded}`
    }),
    ...(found > findings.length ? [`and ${found - findings.length} more.`] : []),
    isSound ? styled('green', 'The file is sound.') : styled('red', 'The file is not what its histories say.'),
  ].join('\n')
}
