/** Answers and errors as XML 1.0. (spec: ec2 11.1) */
import { XmlNode, XmlText } from '@aws-sdk/xml-builder'
import type { Answer, AnswerValue } from './action.ts'

export const NAMESPACE_VERSION = '2016-11-15'
const prolog = '<?xml version="1.0" encoding="UTF-8"?>\n'

/** The inside of an element, written already: what is shown often and changes seldom need not be written each time. */
export class Rendered {
  readonly #text: string
  constructor(content: Answer) {
    this.#text = Object.entries(content)
      .map(([name, value]) => nodeOf(name, value)?.toString() ?? '')
      .join('')
  }
  toString(): string {
    return this.#text
  }
}

function nodeOf(name: string, value: AnswerValue): XmlNode | undefined {
  if (value === undefined) return undefined
  const node = new XmlNode(name)
  if (Array.isArray(value)) {
    for (const member of value) append(node, nodeOf('item', member))
    return node
  }
  if (value instanceof Rendered) return node.c(value)
  if (value instanceof Date) return node.c(new XmlText(value.toISOString()))
  if (typeof value !== 'object') return value === '' ? node : node.c(new XmlText(String(value)))
  for (const [below, each] of Object.entries(value)) append(node, nodeOf(below, each as AnswerValue))
  return node
}

const append = (node: XmlNode, below: XmlNode | undefined) => {
  if (below) node.c(below)
}

/** `<ActionResponse xmlns=…><requestId>…` and the answer, in the namespace of the version that was asked for. */
export function responseOf(action: string, version: string, requestId: string, answer: Answer): string {
  const root = nodeOf(`${action}Response`, { requestId, ...answer })!
  return prolog + root.a('xmlns', `http://ec2.amazonaws.com/doc/${version}/`).toString()
}

/** The envelope of errors, which has no namespace. */
export function errorOf(code: string, message: string, requestId: string): string {
  const error = nodeOf('Error', { Code: code, Message: message })!
  const errors = new XmlNode('Errors').c(error)
  return prolog + new XmlNode('Response').c(errors).c(nodeOf('RequestID', requestId)!).toString()
}
