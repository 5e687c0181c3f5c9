/** Requests that never become one of ours: too large, cut off, or not HTTP. They too are answered in XML. */
import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import { Ec2Error } from './errors.ts'
import { errorOf } from './xml.ts'

export const BODY_MAX_BYTES = 1_048_576
export const XML = 'text/xml;charset=UTF-8'

const unreadable = new Ec2Error('InvalidParameterValue', 'The request cannot be read.')

/** What Fastify says of a request it could not even read; undefined for every other error. */
export function ofTransport(error: unknown): Ec2Error | undefined {
  const { statusCode } = error as { statusCode?: number }
  if (error instanceof Ec2Error || typeof statusCode !== 'number' || statusCode >= 500) return undefined
  if (statusCode === 413) return new Ec2Error('InvalidParameterValue', `A request has at most ${BODY_MAX_BYTES} bytes.`)
  return unreadable
}

/** Answers what Node's parser could make nothing of, e.g. a query of more than its 16 KiB. */
export function answerUnparsed({ code }: NodeJS.ErrnoException, socket: Socket): void {
  if (code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const body = errorOf(unreadable.code, unreadable.message, randomUUID())
  const head = [
    'HTTP/1.1 400 Bad Request',
    `Content-Type: ${XML}`,
    `Content-Length: ${body.length}`,
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
