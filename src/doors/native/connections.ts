/** Closing without waiting for connections that nobody uses: kept alive, opened in advance, or forgotten. */
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** Long enough for an answer on its way; a request that stops half way, or a reader that stops reading, has no end. */
const GRACE_MS = 5_000

/**
 * Once `closing` aborts, connections without a request are closed at once, and the others after their answer, or after
 * `graceMs`. Node itself waits a minute for one that was opened and never used, and five for half a request.
 */
export function closePromptly(
  { server }: Pick<FastifyInstance, 'server'>,
  closing: AbortSignal,
  graceMs: number = GRACE_MS,
): void {
  const requests = new Map<Socket, number>()
  server.on('connection', socket => {
    requests.set(socket, 0)
    socket.once('close', () => requests.delete(socket))
  })
  server.on('request', ({ socket }, response) => {
    requests.set(socket, (requests.get(socket) ?? 0) + 1)
    response.once('close', () => {
      const left = (requests.get(socket) ?? 1) - 1
      if (requests.has(socket)) requests.set(socket, left)
      if (closing.aborted && left === 0) socket.destroySoon()
    })
  })
  closing.addEventListener('abort', () => {
    for (const [socket, count] of requests) if (count === 0) socket.destroy()
    if (requests.size === 0) return
    const late = setTimeout(() => {
      for (const socket of requests.keys()) socket.destroy()
    }, graceMs)
    server.once('close', () => clearTimeout(late))
  })
}
