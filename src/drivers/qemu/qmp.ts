/**
 * A client of QEMU's monitor protocol: one JSON object a line over a Unix socket. Every wait has an end, because a monitor
 * serves one client at a time and leaves a second one without a greeting, and because QEMU answers nothing while it writes
 * the memory of a guest. (spec: drivers-and-qemu 1 and 3.)
 */
import { createConnection, type Socket } from 'node:net'
import { StringDecoder } from 'node:string_decoder'
import { hasCode } from './files.ts'
import { afterPatience } from './patience.ts'
import type { QmpCommands, QmpEvent } from './qmp-commands.ts'

/** QEMU understood the command and said no: it had no effect. */
export class QmpRefused extends Error {
  override readonly name = 'QmpRefused'
  readonly command: string
  /** `GenericError`, `DeviceNotFound`, `CommandNotFound`, ... The text is for people only. */
  readonly errorClass: string
  constructor(command: string, errorClass: string, description: string) {
    super(`${command}: ${description}`)
    this.command = command
    this.errorClass = errorClass
  }
}

/** Of a socket that is not there, that nobody listens at, whose queue is full, or whose other end hung up. */
const unheard = ['ENOENT', 'ECONNREFUSED', 'EAGAIN', 'ECONNRESET', 'EPIPE']

/** There is no answer: the socket is not there, was closed, said nothing in time, or talks something else. */
export class QmpLost extends Error {
  override readonly name = 'QmpLost'
  /** A command may have been carried out: look before anything else. False if nothing was sent. */
  readonly isEffectPossible: boolean
  constructor(message: string, isEffectPossible: boolean, cause?: unknown) {
    super(message, { cause })
    this.isEffectPossible = isEffectPossible
  }

  /**
   * Nobody answers there, and not because it takes long: a process that starts does not listen yet, one that ends hangs up
   * or does not listen any more.
   */
  get isUnheard(): boolean {
    const { cause } = this
    return cause instanceof QmpLost ? cause.isUnheard : unheard.some(code => hasCode(cause, code))
  }
}

/** Unless the options say another. */
export const greetingWithinMs = 5_000

export interface QmpOptions {
  /** How long to wait for the connection and its greeting. Default 5 000. */
  readonly greetingTimeoutMs?: number
  /** How long to wait for each answer, unless the command says another. Default 10 000. */
  readonly commandTimeoutMs?: number
}

/** No answer of QEMU comes near this; whatever sends more is not QEMU. */
const lineBytesMax = 16 * 1024 * 1024

interface Waiting {
  readonly command: string
  readonly answer: (value: unknown) => void
  readonly fail: (error: Error) => void
  readonly stopTimer: () => void
}
interface Message extends Partial<QmpEvent> {
  readonly QMP?: unknown
  readonly id?: number
  readonly return?: unknown
  readonly error?: { readonly class: string; readonly desc: string }
}

export class Qmp {
  readonly #socket: Socket
  readonly #path: string
  readonly #commandTimeoutMs: number
  readonly #waiting = new Map<number, Waiting>()
  readonly #listeners = new Set<(event: QmpEvent) => void>()
  readonly #greeting: { resolve: () => void; reject: (error: Error) => void; readonly promise: Promise<void> }
  readonly #decoder = new StringDecoder('utf8')
  #rest = ''
  #nextId = 1
  #lost: QmpLost | undefined
  /** Resolves when the connection has ended, whoever ended it. */
  readonly closed: Promise<void>

  /** Connects, waits for the greeting and leaves the negotiation mode. Throws QmpLost, without an effect. */
  static async connect(path: string, options: QmpOptions = {}): Promise<Qmp> {
    const { greetingTimeoutMs = greetingWithinMs, commandTimeoutMs = 10_000 } = options
    const qmp = new Qmp(path, commandTimeoutMs)
    const stopTimer = afterPatience(greetingTimeoutMs, () =>
      qmp.#end(new QmpLost(`no greeting within ${greetingTimeoutMs} ms; has ${path} another client?`, false)),
    )
    try {
      await qmp.#greeting.promise
      stopTimer()
      await qmp.execute('qmp_capabilities', {}, greetingTimeoutMs)
      return qmp
    } catch (error) {
      qmp.close()
      // Negotiation changes nothing in the machine.
      throw new QmpLost(`no monitor at ${path}: ${(error as Error).message}`, false, error)
    } finally {
      stopTimer()
    }
  }

  private constructor(path: string, commandTimeoutMs: number) {
    this.#path = path
    this.#commandTimeoutMs = commandTimeoutMs
    this.#greeting = Promise.withResolvers<void>()
    // Whoever waits for the greeting has its own copy; without one, a lost connection must not end the process.
    this.#greeting.promise.catch(() => {})
    this.#socket = createConnection(path)
    this.#socket.on('data', bytes => this.#read(bytes))
    this.#socket.on('error', error => this.#end(new QmpLost(`connection to ${path}: ${error.message}`, false, error)))
    this.closed = new Promise(resolve =>
      this.#socket.on('close', () => {
        this.#end(new QmpLost(`${path} was closed`, false, Object.assign(new Error('hung up'), { code: 'ECONNRESET' })))
        resolve()
      }),
    )
  }

  /**
   * Sends one command and gives its answer. Throws QmpRefused (certain: no effect) or QmpLost. After a timeout the
   * connection is of no use any more, because nobody knows what QEMU still does.
   */
  execute<C extends keyof QmpCommands>(
    command: C,
    ...[args, timeoutMs = this.#commandTimeoutMs]: Record<string, never> extends QmpCommands[C]['arguments']
      ? [args?: QmpCommands[C]['arguments'], timeoutMs?: number]
      : [args: QmpCommands[C]['arguments'], timeoutMs?: number]
  ): Promise<QmpCommands[C]['returns']> {
    const lost = this.#lost
    if (lost) return Promise.reject(new QmpLost(`${command} was not sent: ${lost.message}`, false, lost))
    const id = this.#nextId++
    return new Promise((answer, fail) => {
      const stopTimer = afterPatience(timeoutMs, () =>
        this.#end(new QmpLost(`${command} had no answer within ${timeoutMs} ms`, true)),
      )
      this.#waiting.set(id, { command, answer: answer as (value: unknown) => void, fail, stopTimer })
      this.#socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`)
    })
  }

  /** Hears events until it is told to stop by what this returns. */
  listen(listener: (event: QmpEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  close(): void {
    this.#end(new QmpLost('the connection was closed here', false))
  }

  #read(bytes: Buffer): void {
    // A frame may end anywhere, also inside a character.
    const lines = (this.#rest + this.#decoder.write(bytes)).split('\n')
    this.#rest = lines.pop()!
    for (const line of lines) if (line.trim() !== '') this.#understand(line)
    if (this.#rest.length > lineBytesMax) this.#end(new QmpLost(`${this.#path} sends a line without an end`, true))
  }

  #understand(line: string): void {
    let message: Message
    try {
      message = JSON.parse(line)
    } catch (cause) {
      this.#end(new QmpLost(`${this.#path} does not speak JSON: ${line.slice(0, 80)}`, true, cause))
      return
    }
    if (message.QMP !== undefined) {
      this.#greeting.resolve()
      return
    }
    if (message.event !== undefined) {
      for (const listener of [...this.#listeners]) listener(message as QmpEvent)
      return
    }
    const waiting = message.id === undefined ? undefined : this.#waiting.get(message.id)
    // An answer nobody asked for: somebody else's, or to a line that QEMU could not read.
    if (waiting === undefined) return
    this.#waiting.delete(message.id!)
    waiting.stopTimer()
    const { error } = message
    if (error) waiting.fail(new QmpRefused(waiting.command, error.class, error.desc))
    else waiting.answer(message.return)
  }

  #end(error: QmpLost): void {
    if (this.#lost) return
    this.#lost = error
    this.#socket.destroy()
    this.#greeting.reject(error)
    for (const { command, fail, stopTimer } of this.#waiting.values()) {
      stopTimer()
      fail(new QmpLost(`${command}: ${error.message}`, true, error))
    }
    this.#waiting.clear()
  }
}
