/** Bugs between the rules and the disk. */
import { Draft } from '../../../src/runtime/draft.ts'
import { Retention } from '../../../src/runtime/retention.ts'
import type { Store } from '../../../src/store/store.ts'
import type { Planted } from './plant.ts'

/** A store whose commits are changed on the way; everything else goes through. */
const changing = (store: Store, commit: Store['commit']): Store =>
  new Proxy(store, {
    get(target, name) {
      const value = name === 'commit' ? commit : Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })

export const tokenMissing: Planted = {
  name: 'the token row is missing',
  noticedBy: ['I2 whole', 'I6 once'],
  options: { throughStore: store => changing(store, commit => store.commit({ ...commit, tokens: [] })) },
}

/** The caller hears before the commit is written: the next one writes it too. */
export const acknowledgedTooEarly: Planted = {
  name: 'a commit is acknowledged before it is written',
  noticedBy: ['I1 kept', 'I4 gapless', 'I6 once', 'no fault'],
  options: {
    throughStore(store) {
      let late: Promise<void> = Promise.resolve()
      return changing(store, async commit => {
        await late
        late = new Promise(resolve => setImmediate(resolve)).then(() => store.commit(commit))
        late.catch(() => {})
      })
    },
  },
}

/** What a refused member asked for stays in the batch, although its events are taken back. */
export const refusedTrace: Planted = {
  name: 'a refused batch member leaves a trace',
  noticedBy: ['I2 whole', 'refused leaves no trace', 'I7 one object'],
  options: {},
  sabotage() {
    const { rollback } = Draft.prototype
    Draft.prototype.rollback = function forgetful(mark) {
      const asked = [...this.asksOpened]
      rollback.call(this, mark)
      this.asksOpened.push(...asked.slice(this.asksOpened.length))
    }
    return () => {
      Draft.prototype.rollback = rollback
    }
  },
}

/** Rows are folded from the log as if nothing had been forgotten. */
export const broughtBack: Planted = {
  name: 'a rebuild brings back what is forgotten',
  noticedBy: ['I3 fold', 'forgotten in time'],
  options: {},
  sabotage() {
    const { fold } = Retention.prototype
    Retention.prototype.fold = (view, row, event, key) => view.fold(row, event, key)
    return () => {
      Retention.prototype.fold = fold
    }
  },
}

/** What has ended is forgotten at once, whatever the retention of its kind. */
export const forgottenTooEarly: Planted = {
  name: 'what has ended is forgotten at once',
  noticedBy: ['forgotten in time', 'I16 tenant'],
  options: {},
  sabotage() {
    const { periods } = Retention.prototype
    Retention.prototype.periods = function* hasty() {
      for (const [kind] of periods.call(this)) yield [kind, 0]
    }
    return () => {
      Retention.prototype.periods = periods
    }
  },
}
