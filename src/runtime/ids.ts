/** Where identity comes from. The real one is in `src/system`; a simulation brings its own. */
export interface Ids {
  /** 17 hexadecimal digits, never the same twice; rising with time keeps B-tree pages hot. */
  next(now: number): string
}
