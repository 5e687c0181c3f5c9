/** A progress bar on standard error; none where nobody watches. */
import { Presets, SingleBar } from 'cli-progress'
import type { Progress } from './run.ts'

export interface ProgressBar {
  update(progress: Progress): void
  stop(): void
}

export function progressBar(isShown: boolean): ProgressBar {
  if (!isShown) return { update: () => {}, stop: () => {} }
  const format = '{bar} {percentage} % | {value} of {total} VMs | second {second} | {duration_formatted}'
  const bar = new SingleBar({ format, hideCursor: true, etaBuffer: 100 }, Presets.shades_classic)
  let isStarted = false
  return {
    update({ launched, total, second }) {
      if (isStarted) bar.update(launched, { second })
      else bar.start(total, launched, { second })
      isStarted = true
    },
    stop: () => bar.stop(),
  }
}
