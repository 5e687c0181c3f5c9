/** A map of which only the changes are its own: as cheap to make as nothing, however large what it stands on. */
export class Overlay<V> {
  readonly #base: ReadonlyMap<string, V>
  readonly #changes = new Map<string, V | undefined>()

  constructor(base: ReadonlyMap<string, V>) {
    this.#base = base
  }

  get(key: string): V | undefined {
    return this.#changes.has(key) ? this.#changes.get(key) : this.#base.get(key)
  }

  set(key: string, value: V | undefined): void {
    this.#changes.set(key, value)
  }

  *values(): Generator<V> {
    for (const [key, value] of this.#base) if (!this.#changes.has(key)) yield value
    for (const value of this.#changes.values()) if (value !== undefined) yield value
  }

  /** A map of its own with what stands here now. */
  merged(): Map<string, V> {
    const merged = new Map(this.#base)
    for (const [key, value] of this.#changes)
      if (value === undefined) merged.delete(key)
      else merged.set(key, value)
    return merged
  }
}
