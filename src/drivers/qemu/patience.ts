/**
 * Waiting for somebody else's word. Only time in which this process could have heard it counts: where it was held up
 * itself, because its computer slept or others had the processor, what came meanwhile lies unread, and nobody was silent.
 */
const parts = 10
/** Also where it is held up again and again, a wait has an end. */
const partsMax = 100

/** Calls it after this time, unless what this returns is called before. */
export function afterPatience(timeoutMs: number, isOver: () => void): () => void {
  const partMs = timeoutMs / parts
  let heard = 0
  let timer: NodeJS.Timeout
  const wait = (number: number): void => {
    const beganAt = performance.now()
    timer = setTimeout(() => {
      // What lies unread is read before the next part is over.
      const isHeldUp = performance.now() - beganAt > 2 * partMs
      if (!isHeldUp) heard += 1
      if (heard >= parts || number >= partsMax) isOver()
      else wait(number + 1)
    }, partMs)
  }
  wait(1)
  return () => clearTimeout(timer)
}
