/** Answers and errors as XML 1.0. (spec: ec2 11.1) */
import { XmlText } from '@aws-sdk/xml-builder'
import type { Answer, AnswerValue } from './action.ts'
import type { ErrorCode } from './error-codes.ts'

export const NAMESPACE_VERSION = '2016-11-15'
const prolog = '<?xml version="1.0" encoding="UTF-8"?>\n'

/** XML 1.0 has no way to write these. The door refuses them; what came through another door is shown with U+FFFD instead. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are the ones meant
const unwritable = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g

/**
 * Escaping is the library's. The elements around it are put together here: their names are ours, and a tree of nodes for
 * a thousand instances takes several times as long as their text.
 */
const textOf = (text: string): string => (isPlain.test(text) ? text : new XmlText(text).toString())
/** Nothing in it that any writer of XML escapes: nearly every text, and asking is cheaper than replacing. */
const isPlain = /^[\w .,:;/()+=@*#-]*$/

function elementOf(name: string, value: AnswerValue): string {
  if (value === undefined) return ''
  const inside = contentOf(value)
  return inside === '' ? `<${name}/>` : `<${name}>${inside}</${name}>`
}

function contentOf(value: Exclude<AnswerValue, undefined>): string {
  if (typeof value === 'string') return textOf(value)
  if (typeof value !== 'object') return String(value)
  if (value instanceof Date) return value.toISOString()
  if (!isList(value)) return insideOf(value)
  let items = ''
  for (const member of value) items += elementOf('item', member)
  return items
}

function insideOf(answer: Answer): string {
  let inside = ''
  for (const name of Object.keys(answer)) inside += elementOf(name, answer[name])
  return inside
}

const isList = (value: Answer | readonly AnswerValue[]): value is readonly AnswerValue[] => Array.isArray(value)

const documentOf = (root: string): string => prolog + root.replace(unwritable, '\ufffd')

/** `<ActionResponse xmlns=…><requestId>…` and the answer, in the namespace of the version that was asked for. */
export function responseOf(action: string, version: string, requestId: string, answer: Answer): string {
  const root = `${action}Response`
  const namespace = `http://ec2.amazonaws.com/doc/${version}/`
  return documentOf(`<${root} xmlns="${namespace}">${insideOf({ requestId, ...answer })}</${root}>`)
}

/** The envelope of errors, which has no namespace. */
export function errorOf(code: ErrorCode, message: string, requestId: string): string {
  const Errors = { Error: { Code: code, Message: message } }
  return documentOf(elementOf('Response', { Errors, RequestID: requestId }))
}
