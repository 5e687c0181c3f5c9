/** One step of a history, for people. */
import type { Difference, ToldStep } from '../../index.ts'
import { plain } from '../output.ts'
import { styled, time } from '../tables.ts'

const shown = (value: unknown) => (value === undefined ? 'nothing' : String(plain(JSON.stringify(value))))

export const changeLine = ({ path, from, to }: Difference): string =>
  `${path || 'all'}: ${styled('red', shown(from))} → ${styled('green', shown(to))}`

export function stepText({ event, from, to, changes, asks, timers }: ToldStep, total: number): string {
  const { version, position, at, type, origin, actor, data } = event
  const armed = Object.entries(timers).map(([name, dueAt]) => `${name} at ${time(dueAt)}`)
  return [
    `${version} of ${total}  #${position}  ${time(at)}  ${styled('bold', type)}, ${origin} by ${plain(actor)}`,
    `    ${from === to ? from : `${from} → ${styled('bold', to)}`}`,
    ...(Object.keys(data as object).length ? [`    said ${shown(data)}`] : []),
    ...changes.map(each => `    ${changeLine(each)}`),
    ...(asks.length ? [`    open asks: ${asks.join(', ')}`] : []),
    ...(armed.length ? [`    timers: ${armed.join(', ')}`] : []),
  ].join('\n')
}
