/** Closing without waiting for connections that nobody uses: kept alive, opened in advance, or forgotten. */
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/**
 * Once `closing` aborts, connections without a request are closed at once, and the others after their answer. Node itself
 * waits a minute for one that was opened and never used.
 */
export function closePromptly({ server }: Pick<FastifyInstance, 'server'>, closing: AbortSignal): void {
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
  })
}
