/**
 * Checkpoints that outlive their process: which of those beside the store are of this view, these rules and this log.
 * One that is not is thrown away and never used. (docs/decisions/0057.)
 */
import type { Projection, ViewRow } from '../../../projections/contract.ts'
import type { Catalogue, CompiledKind } from '../../runtime/catalogue.ts'
import { canonical } from '../../store/canonical.ts'
import type { CheckpointFile, CheckpointHead } from '../../store/checkpoints.ts'
import type { Store } from '../../store/store.ts'
import type { Checkpoint, Ending } from './checkpoint.ts'

/** Digests that stand for a log: the last one, and others evenly before it. */
const SAMPLES = 16
/** Entries in one list: a few milliseconds of work. */
const LIST = 1_000

type Entry = readonly ['row', string, ViewRow] | readonly ['ended', string, Ending]

export class KeptCheckpoints {
  readonly #file: CheckpointFile
  readonly #store: Pick<Store, 'log' | 'beginning'>
  readonly #view: Projection
  readonly #basis: string

  constructor(file: CheckpointFile, store: Pick<Store, 'log' | 'beginning'>, view: Projection, catalogue: Catalogue) {
    this.#file = file
    this.#store = store
    this.#view = view
    this.#basis = basisOf(view, catalogue)
  }

  /** Those that may be used, ordered by position. Those that may not stay where they are. */
  async usable(): Promise<CheckpointHead[]> {
    const usable: CheckpointHead[] = []
    for (const head of this.#file.heads(this.#view.name)) if (await this.#isOurs(head)) usable.push(head)
    return usable
  }

  /** The nearest one after `after` and not after `until`; what turns out to be no use on the way goes. */
  async nearest(after: number, until: number): Promise<Checkpoint | undefined> {
    const heads = this.#file.heads(this.#view.name)
    for (const head of heads.filter(({ position }) => position > after && position <= until).reverse()) {
      const found = (await this.#isOurs(head)) ? this.read(head) : undefined
      if (found) return found
      this.#file.remove(head)
    }
    return undefined
  }

  /** Undefined where it is damaged. */
  read(head: CheckpointHead): Checkpoint | undefined {
    const entries = this.#file.read(head) as Entry[] | undefined
    if (!entries) return undefined
    const rows = new Map<string, ViewRow>()
    const ended = new Map<string, Ending>()
    for (const entry of entries)
      if (entry[0] === 'row') rows.set(entry[1], entry[2])
      else ended.set(entry[1], entry[2])
    return { position: head.position, rows, ended }
  }

  async keep({ position, rows, ended }: Checkpoint, pause: () => Promise<void>): Promise<void> {
    const lineage = await this.#lineageAt(position)
    if (lineage === undefined) return
    const head = { view: this.#view.name, position, basis: this.#basis, lineage }
    await this.#file.write(head, listsOf(rows, ended), pause)
  }

  async #isOurs({ basis, lineage, position }: CheckpointHead): Promise<boolean> {
    return basis === this.#basis && lineage === (await this.#lineageAt(position))
  }

  /** What folding begins with, and samples of the log. Undefined where the log does not reach there. */
  async #lineageAt(position: number): Promise<string | undefined> {
    const beginning = await this.#store.beginning?.()
    const samples = [`from ${beginning?.position ?? 0}`]
    for (let place = 1; place <= SAMPLES; place += 1) {
      const [event] = await this.#store.log(Math.ceil((position * place) / SAMPLES) - 1, 1)
      if (!event) return undefined
      samples.push(`${event.position}:${event.digest}`)
    }
    return samples.join(' ')
  }
}

/** Everything besides the log that the rows follow from, by the versions it goes by. */
function basisOf({ name, version, key, columns, perResource = false }: Projection, { kinds }: Catalogue): string {
  const kindOf = ({ kind, evaluator }: CompiledKind) => ({
    rules: kind.rules,
    schemas: Object.fromEntries(Object.entries(kind.events.specs).map(([event, { schema }]) => [event, schema])),
    ends: [...evaluator.chart.leaves.values()].filter(({ tags }) => tags.has('terminal')).map(({ path }) => path),
  })
  const rules = Object.fromEntries([...kinds].map(([kind, compiled]) => [kind, kindOf(compiled)]))
  return canonical({ view: { name, version, key, columns, perResource }, kinds: rules })
}

function* listsOf(rows: Checkpoint['rows'], ended: Checkpoint['ended']): Generator<Entry[]> {
  let list: Entry[] = []
  for (const entry of entriesOf(rows, ended)) {
    list.push(entry)
    if (list.length < LIST) continue
    yield list
    list = []
  }
  if (list.length) yield list
}

function* entriesOf(rows: Checkpoint['rows'], ended: Checkpoint['ended']): Generator<Entry> {
  for (const [key, row] of rows) yield ['row', key, row]
  for (const [key, ending] of ended) yield ['ended', key, ending]
}
