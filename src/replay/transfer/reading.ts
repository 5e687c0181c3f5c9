/** Reading an export: every line is held against both chains, and what is wrong is named by its place. */
import { digestOf, GENESIS, type Hash } from '../../runtime/envelope.ts'
import { canonical, chained } from '../../store/canonical.ts'
import type { SignatureCheck, StoredEvent } from '../../store/store.ts'
import { FORMAT, type Footer, type Header } from './format.ts'

/** What is wrong with an export, and where. */
export class ExportInvalid extends Error {
  override readonly name = 'ExportInvalid'
  readonly code = 'exportInvalid'
  /** Number of the line, from 1. */
  readonly line: number
  readonly what: 'format' | 'tampered' | 'gap' | 'order' | 'cut'
  readonly resource: string | undefined
  readonly position: number | undefined
  constructor(line: number, what: ExportInvalid['what'], sentence: string, place: Partial<StoredEvent> = {}) {
    const { position, resource } = place
    const where = resource === undefined ? '' : ` (position ${position}, ${resource}@${place.version})`
    super(`line ${line}${where}: ${sentence}`)
    this.line = line
    this.what = what
    this.resource = resource
    this.position = position
  }
}

interface Line {
  readonly chain: string
  readonly digest: string
  readonly event: { readonly position: number; readonly resource: string; readonly version: number }
}

export interface ReadExport {
  readonly header: Header
  readonly events: readonly StoredEvent[]
  readonly footer: Footer
}

/**
 * Reads an export whole. Throws ExportInvalid at the first line that does not hold.
 * @param isSigned whether a signature is of a text: the export must have one, by the right key
 */
export async function readExport(
  lines: AsyncIterable<string> | Iterable<string>,
  hash: Hash,
  isSigned?: SignatureCheck,
): Promise<ReadExport> {
  const reader = new ExportReader(hash, isSigned)
  for await (const line of lines) if (line !== '') reader.line(line)
  return reader.end()
}

class ExportReader {
  readonly #hash: Hash
  readonly #isSigned: SignatureCheck | undefined
  readonly #events: StoredEvent[] = []
  readonly #streams = new Map<string, StoredEvent>()
  #header: Header | undefined
  #footer: Footer | undefined
  #chain = ''
  #number = 0

  constructor(hash: Hash, isSigned: SignatureCheck | undefined) {
    this.#hash = hash
    this.#isSigned = isSigned
  }

  line(text: string): void {
    this.#number += 1
    const parsed = this.#parsed(text)
    if (this.#footer) throw this.#no('format', 'there is something after the last line')
    if (!this.#header) this.#begin(parsed as Partial<Header>, text)
    else if (isFooter(parsed)) this.#close(parsed)
    else this.#event(parsed as Partial<Line>)
  }

  end(): ReadExport {
    if (!this.#header) throw this.#no('format', 'there is nothing')
    if (!this.#footer) throw this.#no('cut', 'the last line is missing: the export was cut off')
    return { header: this.#header, events: this.#events, footer: this.#footer }
  }

  #parsed(text: string): unknown {
    try {
      return JSON.parse(text)
    } catch {
      throw this.#no('format', 'it is no JSON')
    }
  }

  #begin(header: Partial<Header>, text: string): void {
    if (header.stemma !== 'export') throw this.#no('format', 'this is no export of stemma')
    if (header.format !== FORMAT) throw this.#no('format', `its format is ${header.format}, and ${FORMAT} can be read`)
    this.#header = header as Header
    this.#chain = this.#hash(text)
  }

  #event({ chain, digest, event }: Partial<Line>): void {
    if (typeof chain !== 'string' || typeof digest !== 'string' || typeof event?.resource !== 'string')
      throw this.#no('format', 'it is no event')
    const { position, resource, version } = event
    const stored: StoredEvent = { position, resource, version, text: canonical(event), digest }
    const last = this.#streams.get(resource)
    const before = last?.version ?? 0
    const newest = this.#events.at(-1)?.position ?? 0
    if (position <= newest)
      throw this.#no('order', `it stands after position ${newest}: lines changed places, or one is there twice`, stored)
    if (version !== before + 1)
      throw this.#no('gap', `version ${before + 1} of its stream is missing before it`, stored)
    if (digestOf(last?.digest ?? GENESIS, stored.text, this.#hash) !== digest)
      throw this.#no('tampered', 'it does not match its digest, which continues the one before in its stream', stored)
    this.#chain = chained(this.#chain, stored.text, digest, this.#hash)
    if (this.#chain !== chain)
      throw this.#no('gap', 'it does not continue the line before it: lines are missing, or were changed', stored)
    this.#streams.set(resource, stored)
    this.#events.push(stored)
  }

  #close(footer: Footer): void {
    const isWhole =
      footer.chain === this.#chain && footer.events === this.#events.length && footer.resources === this.#streams.size
    if (!isWhole) throw this.#no('gap', `it speaks of ${footer.events} events, and ${this.#events.length} are there`)
    const { chain, signature } = footer
    if (this.#isSigned && !(typeof signature === 'string' && this.#isSigned(chain, signature)))
      throw this.#no('tampered', signature === undefined ? 'it is not signed' : 'it was signed with another key')
    this.#footer = footer
  }

  #no(what: ExportInvalid['what'], sentence: string, place?: StoredEvent): ExportInvalid {
    return new ExportInvalid(this.#number, what, sentence, place)
  }
}

const isFooter = (line: unknown): line is Footer =>
  typeof line === 'object' && line !== null && 'events' in line && 'resources' in line
