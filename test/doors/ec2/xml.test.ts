/** Answers are XML that any parser reads back as what was written. */

import fc from 'fast-check'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { describe, expect, it } from 'vitest'
import type { Answer } from '../../../src/doors/ec2/action.ts'
import { errorOf, responseOf } from '../../../src/doors/ec2/xml.ts'
import { writableText } from './arbitraries.ts'

const parser = new XMLParser({
  parseTagValue: false,
  trimValues: false,
  ignoreAttributes: false,
  htmlEntities: true,
  isArray: name => name === 'item',
})
const body = (answer: Answer): unknown => {
  const text = responseOf('Try', '2016-11-15', 'id', answer)
  expect(XMLValidator.validate(text)).toBe(true)
  const { '@_xmlns': _, requestId: __, ...rest } = parser.parse(text).TryResponse
  return rest
}

describe('an answer', () => {
  it('has the namespace of its version, the id of its request, and elements in their order', () => {
    const answer = { instancesSet: [{ instanceId: 'i-1', currentState: { code: 64, name: 'stopping' } }], empty: [] }
    expect(responseOf('StopInstances', '2013-02-01', 'abc', answer)).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n' +
        '<StopInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2013-02-01/"><requestId>abc</requestId>' +
        '<instancesSet><item><instanceId>i-1</instanceId><currentState><code>64</code><name>stopping</name>' +
        '</currentState></item></instancesSet><empty/></StopInstancesResponse>',
    )
  })

  it('has no element for what there is not, an empty one for an empty text, and times in UTC', () => {
    const at = new Date(Date.UTC(2026, 0, 2, 3, 4, 5))
    const answer = { none: undefined, text: '', zero: 0, no: false, at, list: [undefined, 'a', undefined] }
    expect(body(answer)).toEqual({
      text: '',
      zero: '0',
      no: 'false',
      at: '2026-01-02T03:04:05.000Z',
      list: { item: ['a'] },
    })
  })

  it('keeps every text, whatever its characters', () => {
    const spiked = fc.array(
      fc.oneof(writableText, fc.constantFrom('<', '>', '&', '"', "'", ']]>', '&amp;', '\r\n', '\u0085')),
    )
    fc.assert(
      fc.property(spiked, parts => {
        const text = parts.join('')
        expect(body({ text, list: [{ text }] })).toEqual({ text, list: { item: [{ text }] } })
      }),
      { numRuns: 500 },
    )
  })

  it('shows what XML cannot write as U+FFFD, since other doors let it in', () => {
    expect(body({ text: 'a\0b\x1bc\uffff' })).toEqual({ text: 'a\ufffdb\ufffdc\ufffd' })
  })
})

it('an error has a code, a sentence and the id of its request, in no namespace', () => {
  expect(errorOf('InvalidID', "The ID '<x>' is not valid", 'abc')).toBe(
    '<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>InvalidID</Code>' +
      '<Message>The ID &apos;&lt;x&gt;&apos; is not valid</Message></Error></Errors><RequestID>abc</RequestID></Response>',
  )
})
