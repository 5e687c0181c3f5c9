/** A life at each class of provider, with a crash at every seam. (spec: reliability R2, R3.) */
import { crashesIn } from './crashing.ts'
import { classStories } from './scenarios.ts'

crashesIn(classStories)
