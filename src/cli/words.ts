/** Input on the command line: `key=value` words, or JSON objects. */
import type { z } from 'zod'
import { type Kind, kinds } from '../index.ts'
import { usage } from './failure.ts'

/**
 * The input that words make. A value is taken as text where the command takes text there, else as JSON: `sizeBytes=8`
 * is a number, `name=8` a text. Throws Failure (usage).
 */
export function inputOf(kindName: string, command: string, words: readonly string[]): Record<string, unknown> {
  const kind = Object.values<Kind>(kinds).find(each => each.name === kindName)
  const shape = (kind?.commands[command]?.input as z.ZodObject | undefined)?.shape ?? {}
  const input: Record<string, unknown> = {}
  for (const word of words)
    for (const [key, value] of word.startsWith('{') ? members(word) : [pair(word, shape)]) {
      if (Object.hasOwn(input, key)) throw usage(`${key} is given twice.`, key)
      Object.defineProperty(input, key, { value, enumerable: true, configurable: true, writable: true })
    }
  return input
}

function members(word: string): [string, unknown][] {
  try {
    return Object.entries(JSON.parse(word) as object)
  } catch (cause) {
    throw Object.assign(usage(`'${word}' is not a JSON object.`), { cause })
  }
}

function pair(word: string, shape: z.ZodObject['shape']): [string, unknown] {
  const end = word.indexOf('=')
  if (end < 1) throw usage(`'${word}' is neither key=value nor a JSON object.`)
  const key = word.slice(0, end)
  const text = word.slice(end + 1)
  const field = Object.hasOwn(shape, key) ? (shape[key] as z.ZodType) : undefined
  return [key, field?.safeParse(text).success ? text : asJson(text)]
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
