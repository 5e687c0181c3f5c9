/** A promise of the engine that did not hold. `checker` is who noticed. */
export class Violation extends Error {
  override readonly name = 'Violation'
  readonly checker: string
  constructor(checker: string, message: string, options?: ErrorOptions) {
    super(`${checker}: ${message}`, options)
    this.checker = checker
  }
}
