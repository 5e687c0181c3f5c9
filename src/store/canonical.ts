/**
 * Canonical JSON: keys sorted, undefined dropped, so that one value has one text. That text is what is stored and what
 * the digest is taken over; plain JSON would differ after a value went through a database and back.
 */

/** Throws TypeError for what JSON cannot carry faithfully: NaN, infinities, functions, symbols, bigints. */
export function canonical(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`${value} has no JSON text`)
      return Object.is(value, -0) ? '0' : String(value)
    case 'boolean':
      return value ? 'true' : 'false'
    case 'object':
      if (value === null) return 'null'
      return Array.isArray(value) ? listText(value) : recordText(value as Record<string, unknown>)
    default:
      throw new TypeError(`a ${typeof value} has no JSON text`)
  }
}

function listText(list: readonly unknown[]): string {
  let text = '['
  for (let index = 0; index < list.length; index += 1) {
    if (index > 0) text += ','
    text += list[index] === undefined ? 'null' : canonical(list[index])
  }
  return `${text}]`
}

function recordText(record: Record<string, unknown>): string {
  const keys = Object.keys(record)
  // Most records are small and many are in order already: looking is cheaper than sorting.
  for (let index = 1; index < keys.length; index += 1)
    if (keys[index - 1]! > keys[index]!) {
      keys.sort()
      break
    }
  let text = '{'
  let first = true
  for (const key of keys) {
    const value = record[key]
    if (value === undefined) continue
    text += first ? '' : ','
    first = false
    text += `${keyText(key)}:${canonical(value)}`
  }
  return `${text}}`
}

const keyTexts = new Map<string, string>()
const KEY_TEXTS_MAX = 4_096

/** Most keys are names in the rules, and come again with every event. */
function keyText(key: string): string {
  const known = keyTexts.get(key)
  if (known !== undefined) return known
  const text = JSON.stringify(key)
  if (keyTexts.size < KEY_TEXTS_MAX) keyTexts.set(key, text)
  return text
}

/** A chain through events in their order: what it is after one of them. A change of any of them changes all that follow. */
export const chained = (before: string, text: string, digest: string, hash: (text: string) => string): string =>
  hash(`[${JSON.stringify(before)},${JSON.stringify(digest)},${text}]`)
