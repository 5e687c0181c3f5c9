/** A real store with something in its way. */
import type { Store } from '../../src/store/store.ts'

/** The store, but for the methods given; each gets the store it stands before. */
export function wrapped<S extends Store>(store: S, instead: (store: S) => Partial<Store>): S {
  const given = instead(store) as Record<PropertyKey, unknown>
  return new Proxy(store, {
    get(target, name) {
      if (Object.hasOwn(given, name)) return given[name]
      const own = Reflect.get(target, name, target)
      return typeof own === 'function' ? own.bind(target) : own
    },
  })
}
