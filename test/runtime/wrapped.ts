/** A real store with something in its way. */

/** The store, or a part of it, but for the methods given; each gets what it stands before. */
export function wrapped<S extends object>(store: S, instead: (store: S) => Partial<S>): S {
  const given = instead(store) as Record<PropertyKey, unknown>
  return new Proxy(store, {
    get(target, name) {
      if (Object.hasOwn(given, name)) return given[name]
      const own = Reflect.get(target, name, target)
      return typeof own === 'function' ? own.bind(target) : own
    },
  })
}
