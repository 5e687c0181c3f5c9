/** A thread that folds ranges of resources into an annex of its own, and answers with what it noted besides. */
import { answerWith } from '../system/threads.ts'
import type { FoldingAsked } from './range-fold.ts'

await answerWith<FoldingAsked>(async asked => {
  const { foldRanges } = await import('./range-fold.ts')
  return foldRanges(asked)
})
