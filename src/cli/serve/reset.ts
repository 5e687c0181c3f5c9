/** Who may empty a server: somebody on this machine, of a server that keeps nothing, and not a page in a browser. */
import type { IncomingMessage } from 'node:http'

export interface ResetRules {
  /** Everything is in memory, so that emptying it loses nothing that was to be kept. */
  readonly ephemeral: boolean
}

const loopback = /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/

/** Why a reset is refused, as code and sentence; undefined if it may go on. */
export function resetRefusal(
  { socket, headers }: IncomingMessage,
  { ephemeral }: ResetRules,
): { code: string; message: string } | undefined {
  if (!ephemeral)
    return {
      code: 'notEphemeral',
      message: 'Only a server started with --ephemeral can be emptied; this one keeps a file.',
    }
  if (!loopback.test(socket.remoteAddress ?? ''))
    return { code: 'notLoopback', message: 'A server is emptied only from the machine it runs on.' }
  if (headers.origin !== undefined)
    return { code: 'notPermitted', message: 'A page in a browser cannot empty a server.' }
  return undefined
}
