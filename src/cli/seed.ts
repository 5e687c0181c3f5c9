/** The least that makes an empty cloud useful: a domain, an account, sizes to choose from, and an image to launch. */
import type { CommandInput, Engine, KindMap, Store, ViewMap } from '../index.ts'
import { ACCOUNT_DEFAULT } from './access.ts'

const GIB = 2 ** 30

const sizes = [
  { name: 'small', vcpus: 1, memoryBytes: 2 * GIB },
  { name: 'medium', vcpus: 2, memoryBytes: 4 * GIB },
  { name: 'large', vcpus: 4, memoryBytes: 16 * GIB },
]

const commands: readonly CommandInput[] = [
  { kind: 'domain', command: 'create', input: { name: 'root' } },
  { kind: 'account', command: 'open', input: { name: ACCOUNT_DEFAULT, domain: 'root' } },
  ...sizes.map(input => ({ kind: 'offering', command: 'define', input })),
  { kind: 'image', command: 'register', input: { name: 'base', sizeBytes: 8 * GIB, public: true } },
]

/** Fills a database in which nothing has ever happened; leaves any other alone. One transaction: all of it or none. */
export async function seed(cloud: Pick<Engine<KindMap, ViewMap, Store>, 'health' | 'submit'>): Promise<void> {
  if (cloud.health().position > 0) return
  await cloud.submit(commands, { account: ACCOUNT_DEFAULT, actor: 'stemma', authority: 'operator' })
}
