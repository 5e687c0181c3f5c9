/**
 * The open asks of one provider that are in memory: which of them may be called now, and how many at once. Every provider
 * has its own, with its own bounds, so that one that hangs holds up nobody else. (docs/decisions/0015.)
 */
import type { Clock } from '../runtime/clock.ts'
import type { AskRow } from '../store/store.ts'
import { Abort } from './call.ts'
import { WAIT_MS_MAX } from './retry.ts'

export interface Task {
  ask: AskRow
  /** Of the attempt under way: one that was given up must not spoil the next. */
  abort: Abort
  /**
   * The call may have been made already: until this time what is not seen may still appear. Where calls are not
   * idempotent, nothing is called before a look later than this has found it not done.
   */
  doubtUntil: number | undefined
  /** When its provider may have heard of it first, and whether it may have done then what was asked. */
  calledAt?: number
  isUnsure?: boolean
  state: 'queued' | 'waiting' | 'running' | 'answering'
  isClosed: boolean
  /** How far it had come when that was last reported, in percent. */
  percent?: number
  forget?: () => void
}

export interface LaneOptions {
  readonly clock: Clock
  /** Asks kept in memory; the rest waits in the store. */
  readonly residentMax: number
  readonly inFlightMax: number
  /** Makes one attempt; never rejects. */
  readonly attempt: (task: Task) => Promise<void>
  /** An attempt is over. */
  readonly over: () => void
}

export class Lane {
  readonly #options: LaneOptions
  /** Asks of each resource, oldest first; only the first is worked on. */
  readonly #lines = new Map<string, Task[]>()
  readonly #ready = new Set<Task>()
  readonly #running = new Map<Task, Promise<void>>()
  #resident = 0
  #isStopped = false
  /** The store may have asks of this provider that are not here, from this position on; undefined if it has none. */
  behindFrom: number | undefined
  /** Asks were opened while the store was being read, which may not have shown them. */
  isMissed = false

  /** Knows nothing yet: what the store has must be read first. */
  constructor(options: LaneOptions) {
    this.#options = options
    this.behindFrom = 1
  }

  get resident(): number {
    return this.#resident
  }
  get inFlight(): number {
    return this.#running.size
  }
  /** Whether it is time to read what is in the store only. */
  get isHungry(): boolean {
    return this.behindFrom !== undefined && this.#resident <= this.#options.residentMax / 2
  }
  /** Nothing is ready or under way, nor could be before time passes. */
  get isIdle(): boolean {
    return this.#running.size === 0 && (this.#isStopped || (this.#ready.size === 0 && !this.isHungry))
  }

  /** A commit has opened it. What does not fit is read from the store later, behind what is there already. */
  opened(ask: AskRow): void {
    // It has closed every other ask of its resource, so there is nothing in the store that it could overtake.
    if (ask.supersedes && this.take(ask, undefined)) return
    if (this.behindFrom !== undefined) this.isMissed = true
    else if (!this.take(ask, undefined)) this.behindFrom = ask.position
  }

  /** False if there is no room. One that is here already is not taken twice. */
  take(ask: AskRow, doubtUntil: number | undefined): boolean {
    const line = this.#lines.get(ask.resource) ?? []
    if (line.some(task => task.ask.token === ask.token)) return true
    if (this.#resident >= this.#options.residentMax) return false
    const task: Task = { ask, abort: new Abort(), doubtUntil, state: 'queued', isClosed: false }
    this.#lines.set(ask.resource, line)
    line.push(task)
    this.#resident += 1
    if (line.length === 1) this.offer(task)
    return true
  }

  /** To be attempted when it is due. */
  offer(task: Task): void {
    const { clock } = this.#options
    if (this.#isStopped) return
    const now = clock.now()
    const isDue = task.ask.dueAt <= now
    task.state = isDue ? 'queued' : 'waiting'
    if (isDue) this.#ready.add(task)
    else
      task.forget = clock.wakeAt(Math.min(task.ask.dueAt, now + WAIT_MS_MAX), () => {
        task.state = 'queued'
        this.#ready.add(task)
        this.dispatch()
      })
  }

  /** The task that had this token, which is over now; undefined if there is none here. */
  close(resource: string, token: string): Task | undefined {
    const line = this.#lines.get(resource)
    const index = line?.findIndex(task => task.ask.token === token) ?? -1
    if (!line || index < 0) return undefined
    const [task] = line.splice(index, 1) as [Task]
    task.isClosed = true
    task.forget?.()
    this.#ready.delete(task)
    this.#resident -= 1
    if (line.length === 0) this.#lines.delete(resource)
    else if (index === 0) this.offer(line[0]!)
    return task
  }

  /** Begins as many attempts as the provider takes. */
  dispatch(): void {
    const { inFlightMax, attempt, over } = this.#options
    for (const task of this.#ready) {
      if (this.#isStopped || this.#running.size >= inFlightMax) return
      this.#ready.delete(task)
      task.state = 'running'
      const running = attempt(task).finally(() => {
        this.#running.delete(task)
        over()
      })
      this.#running.set(task, running)
    }
  }

  /** Begins no more attempts; resolves when those under way are over. */
  async stop(): Promise<void> {
    this.#isStopped = true
    for (const line of this.#lines.values()) for (const task of line) task.forget?.()
    while (this.#running.size > 0) await Promise.race(this.#running.values())
  }

  /** Waits no longer for what is under way: its asks stay open, and nothing that is still answered is heard. */
  abandon(): void {
    for (const task of this.#running.keys()) {
      task.isClosed = true
      task.abort.abort('was still under way when the engine closed')
    }
  }
}
